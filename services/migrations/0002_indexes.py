import django.contrib.postgres.indexes
import django.db.models.functions.text
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('boroughs', '0004_what_search_looks_up'),
        ('services', '0001_lines_and_migration'),
    ]

    operations = [
        migrations.AddIndex(
            model_name='plannedmove',
            index=models.Index(fields=['on'], name='planned_move_by_day'),
        ),
        migrations.AddIndex(
            model_name='contract',
            index=django.contrib.postgres.indexes.GinIndex(django.contrib.postgres.indexes.OpClass(django.db.models.functions.text.Upper(models.Func(models.F('reference'), models.Value('\\s+'), models.Value(''), models.Value('g'), function='regexp_replace')), name='gin_trgm_ops'), django.contrib.postgres.indexes.OpClass(django.db.models.functions.text.Upper('title'), name='gin_trgm_ops'), fastupdate=False, name='contract_looked_up'),
        ),
        migrations.AddIndex(
            model_name='line',
            index=django.contrib.postgres.indexes.GinIndex(django.contrib.postgres.indexes.OpClass(django.db.models.functions.text.Upper(models.Func(models.F('reference'), models.Value('\\s+'), models.Value(''), models.Value('g'), function='regexp_replace')), name='gin_trgm_ops'), django.contrib.postgres.indexes.OpClass(django.db.models.functions.text.Upper(models.Func(models.F('phone_numbers'), models.Value('\\s+'), models.Value(''), models.Value('g'), function='regexp_replace')), name='gin_trgm_ops'), django.contrib.postgres.indexes.OpClass(django.db.models.functions.text.Upper(models.Func(models.F('billing_account'), models.Value('\\s+'), models.Value(''), models.Value('g'), function='regexp_replace')), name='gin_trgm_ops'), fastupdate=False, name='line_looked_up'),
        ),
    ]
