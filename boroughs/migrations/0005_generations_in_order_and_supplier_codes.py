"""Generations get an order, suppliers a code for good, job runs their requests and their day."""

import django.contrib.postgres.fields
import django.contrib.postgres.indexes
from django.db import migrations, models
from django.utils.text import slugify

ORDER = {"LEGACY": 1, "PSN": 2}
CODES = {
    "London Grid Ltd": "london-grid",
    "Cable & Wireless": "cable-and-wireless",
    "Airwave Solutions": "airwave",
    "Other supplier (synthetic)": "other",
}


def fill(apps, schema_editor):
    generations = apps.get_model("boroughs", "Generation")
    for number, generation in enumerate(generations.objects.order_by("pk"), start=3):
        generation.sequence = ORDER.get(generation.code, number)
        generation.save(update_fields=["sequence"])
    for supplier in apps.get_model("boroughs", "Supplier").objects.order_by("pk"):
        supplier.code = CODES.get(supplier.name) or slugify(supplier.name) or f"s-{supplier.pk}"
        supplier.save(update_fields=["code"])


class Migration(migrations.Migration):
    dependencies = [("boroughs", "0004_what_search_looks_up")]
    operations = [
        migrations.RemoveField(model_name="jobrun", name="batch"),
        migrations.AddField(
            model_name="jobrun",
            name="batches",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.UUIDField(), blank=True, default=list, size=None
            ),
        ),
        migrations.AddField(
            model_name="jobrun", name="day", field=models.DateField(null=True)
        ),
        migrations.AddIndex(
            model_name="jobrun",
            index=django.contrib.postgres.indexes.GinIndex(
                fields=["batches"], name="job_run_batches"
            ),
        ),
        migrations.AddField(
            model_name="generation",
            name="sequence",
            field=models.PositiveSmallIntegerField(null=True),
        ),
        migrations.AddField(
            model_name="supplier", name="code", field=models.SlugField(null=True, db_index=False)
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
        migrations.AlterField(
            model_name="generation",
            name="sequence",
            field=models.PositiveSmallIntegerField(unique=True),
        ),
        migrations.AlterField(
            model_name="supplier", name="code", field=models.SlugField(unique=True)
        ),
    ]
