"""Exclusion constraints on equal keys and overlapping days need this extension."""

from django.contrib.postgres.operations import BtreeGistExtension
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("boroughs", "0001_user")]
    operations = [BtreeGistExtension()]
