"""What any app may import: no models, no settings of one app, no knowledge of councils."""
