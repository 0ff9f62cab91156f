"""Search finds parts and misspellings by their trigrams."""

import django.contrib.postgres.indexes
import django.db.models.functions.text
from django.contrib.postgres.operations import TrigramExtension
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('boroughs', '0003_councils_places_and_people'),
    ]

    operations = [
        TrigramExtension(),
        migrations.AddIndex(
            model_name='body',
            index=django.contrib.postgres.indexes.GinIndex(django.contrib.postgres.indexes.OpClass(django.db.models.functions.text.Upper('name'), name='gin_trgm_ops'), fastupdate=False, name='body_looked_up'),
        ),
        migrations.AddIndex(
            model_name='site',
            index=django.contrib.postgres.indexes.GinIndex(django.contrib.postgres.indexes.OpClass(django.db.models.functions.text.Upper('name'), name='gin_trgm_ops'), django.contrib.postgres.indexes.OpClass(django.db.models.functions.text.Upper(models.Func(models.F('code'), models.Value('\\s+'), models.Value(''), models.Value('g'), function='regexp_replace')), name='gin_trgm_ops'), django.contrib.postgres.indexes.OpClass(django.db.models.functions.text.Upper(models.Func(models.F('postcode'), models.Value('\\s+'), models.Value(''), models.Value('g'), function='regexp_replace')), name='gin_trgm_ops'), fastupdate=False, name='site_looked_up'),
        ),
    ]
