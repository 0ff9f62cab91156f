
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('boroughs', '0003_councils_places_and_people'),
        ('services', '0001_lines_and_migration'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='SavingsByMonth',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('body_kind', models.CharField(choices=[('COUNCIL', 'Council'), ('SCHOOL', 'School'), ('OTHER', 'Other public body')], max_length=8)),
                ('month', models.DateField()),
                ('baseline', models.DecimalField(decimal_places=2, max_digits=14)),
                ('legacy', models.DecimalField(decimal_places=2, max_digits=14)),
                ('new', models.DecimalField(decimal_places=2, max_digits=14)),
                ('one_off', models.DecimalField(decimal_places=2, max_digits=14)),
            ],
            options={
                'db_table': 'procurement_savings_by_month',
                'managed': False,
            },
        ),
        migrations.CreateModel(
            name='PaymentFile',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('series', models.CharField(choices=[('SUPPLIER_PAYMENTS', 'Payments to suppliers'), ('PURCHASING_CARDS', 'Purchasing cards')], max_length=20)),
                ('name', models.CharField(max_length=200)),
                ('sha256', models.CharField(max_length=64)),
                ('loaded_at', models.DateTimeField()),
                ('rows_read', models.PositiveIntegerField(default=0)),
                ('rows_stored', models.PositiveIntegerField(default=0)),
                ('rows_already_held', models.PositiveIntegerField(default=0)),
                ('rows_unmatched', models.PositiveIntegerField(default=0)),
                ('rows_repaired', models.PositiveIntegerField(default=0)),
                ('rows_refused', models.PositiveIntegerField(default=0)),
                ('council', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='payment_files', to='boroughs.council')),
                ('loaded_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.CreateModel(
            name='Payment',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('series', models.CharField(choices=[('SUPPLIER_PAYMENTS', 'Payments to suppliers'), ('PURCHASING_CARDS', 'Purchasing cards')], max_length=20)),
                ('month', models.DateField()),
                ('paid_on', models.DateField(null=True)),
                ('published_name', models.CharField(max_length=200)),
                ('amount', models.DecimalField(decimal_places=2, max_digits=14)),
                ('file_line', models.PositiveIntegerField()),
                ('identity', models.CharField(max_length=64, unique=True)),
                ('alias', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='payments', to='boroughs.supplieralias')),
                ('council', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='payments', to='boroughs.council')),
                ('supplier', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='payments', to='boroughs.supplier')),
                ('file', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='payments', to='procurement.paymentfile')),
            ],
        ),
        migrations.CreateModel(
            name='SavingsCoverage',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('body_kind', models.CharField(choices=[('COUNCIL', 'Council'), ('SCHOOL', 'School'), ('OTHER', 'Other public body')], max_length=8)),
                ('lines', models.PositiveIntegerField()),
                ('lines_covered', models.PositiveIntegerField()),
                ('amount', models.DecimalField(decimal_places=2, max_digits=14)),
                ('amount_covered', models.DecimalField(decimal_places=2, max_digits=14)),
                ('contract', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='services.contract')),
                ('council', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='boroughs.council')),
                ('service_type', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='services.servicetype')),
            ],
        ),
        migrations.CreateModel(
            name='SavingsMonth',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('body_kind', models.CharField(choices=[('COUNCIL', 'Council'), ('SCHOOL', 'School'), ('OTHER', 'Other public body')], max_length=8)),
                ('month', models.DateField()),
                ('baseline', models.DecimalField(decimal_places=2, max_digits=14)),
                ('legacy', models.DecimalField(decimal_places=2, max_digits=14)),
                ('new', models.DecimalField(decimal_places=2, max_digits=14)),
                ('one_off', models.DecimalField(decimal_places=2, max_digits=14)),
                ('contract', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='services.contract')),
                ('council', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='boroughs.council')),
                ('service_type', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='services.servicetype')),
            ],
        ),
        migrations.AddConstraint(
            model_name='paymentfile',
            constraint=models.CheckConstraint(condition=models.Q(('series__in', ['SUPPLIER_PAYMENTS', 'PURCHASING_CARDS'])), name='payment_file_series_is_known'),
        ),
        migrations.AddConstraint(
            model_name='paymentfile',
            constraint=models.UniqueConstraint(fields=('council', 'series', 'sha256'), name='payment_file_is_held_once'),
        ),
        migrations.AddConstraint(
            model_name='paymentfile',
            constraint=models.CheckConstraint(condition=models.Q(('sha256__regex', '^[0-9a-f]{64}$')), name='payment_file_sha256_is_one'),
        ),
        migrations.AddIndex(
            model_name='payment',
            index=models.Index(fields=['council', 'month'], name='payment_by_council_and_month'),
        ),
        migrations.AddConstraint(
            model_name='payment',
            constraint=models.CheckConstraint(condition=models.Q(('series__in', ['SUPPLIER_PAYMENTS', 'PURCHASING_CARDS'])), name='payment_series_is_known'),
        ),
        migrations.AddConstraint(
            model_name='payment',
            constraint=models.CheckConstraint(condition=models.Q(('month__day', 1)), name='payment_month_is_its_first_day'),
        ),
        migrations.AddConstraint(
            model_name='savingscoverage',
            constraint=models.CheckConstraint(condition=models.Q(('body_kind__in', ['COUNCIL', 'SCHOOL', 'OTHER'])), name='savings_coverage_body_kind_is_known'),
        ),
        migrations.AddConstraint(
            model_name='savingscoverage',
            constraint=models.UniqueConstraint(fields=('council', 'body_kind', 'service_type', 'contract'), name='savings_coverage_once_per_key', nulls_distinct=False),
        ),
        migrations.AddConstraint(
            model_name='savingscoverage',
            constraint=models.CheckConstraint(condition=models.Q(('lines_covered__lte', models.F('lines')), ('amount_covered__lte', models.F('amount'))), name='savings_coverage_is_a_part'),
        ),
        migrations.AddConstraint(
            model_name='savingsmonth',
            constraint=models.CheckConstraint(condition=models.Q(('body_kind__in', ['COUNCIL', 'SCHOOL', 'OTHER'])), name='savings_month_body_kind_is_known'),
        ),
        migrations.AddConstraint(
            model_name='savingsmonth',
            constraint=models.CheckConstraint(condition=models.Q(('month__day', 1)), name='savings_month_is_a_first_day'),
        ),
        migrations.AddConstraint(
            model_name='savingsmonth',
            constraint=models.UniqueConstraint(fields=('council', 'body_kind', 'service_type', 'contract', 'month'), name='savings_month_changes_once_a_month', nulls_distinct=False),
        ),
    ]
