
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('boroughs', '0005_generations_in_order_and_supplier_codes'),
    ]

    operations = [
        migrations.CreateModel(
            name='Contact',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('role', models.CharField(max_length=60, verbose_name='what for')),
                ('name', models.CharField(max_length=80)),
                ('phone', models.CharField(blank=True, max_length=40)),
                ('mail', models.EmailField(blank=True, max_length=120, verbose_name='mail address')),
                ('access_notes', models.TextField(blank=True, verbose_name='getting in')),
                ('site', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='contacts', to='boroughs.site')),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('mail', ''), ('phone', ''), _negated=True), models.Q(('name', ''), _negated=True)), name='contact_can_be_reached')],
            },
        ),
    ]
