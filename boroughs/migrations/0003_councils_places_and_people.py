
import londonpsn.common.constraints
import django.contrib.postgres.constraints
import django.contrib.postgres.fields.ranges
import django.db.models.deletion
import django.db.models.functions.comparison
import django.db.models.functions.text
import londonpsn.common.clock
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [("boroughs", "0002_btree_gist")]

    operations = [
        migrations.CreateModel(
            name='Gateway',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('code', models.CharField(max_length=12, unique=True)),
                ('name', models.CharField(max_length=80)),
                ('kind', models.CharField(max_length=40)),
                ('run_by', models.CharField(blank=True, max_length=80)),
                ('users', models.CharField(blank=True, max_length=120)),
                ('council_use', models.CharField(blank=True, max_length=120)),
                ('facts', models.TextField(blank=True)),
            ],
        ),
        migrations.CreateModel(
            name='Generation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('code', models.SlugField(unique=True)),
                ('name', models.CharField(max_length=80)),
            ],
        ),
        migrations.CreateModel(
            name='Council',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('gss_code', models.CharField(max_length=12, unique=True, verbose_name='GSS code')),
                ('register_code', models.CharField(max_length=8, unique=True)),
                ('official_name', models.CharField(max_length=80)),
                ('short_name', models.CharField(max_length=40)),
                ('slug', models.SlugField(unique=True)),
                ('kind', models.CharField(choices=[('LONDON_BOROUGH', 'London borough'), ('ROYAL_BOROUGH', 'Royal borough'), ('CITY_BOROUGH', 'City borough'), ('SUI_GENERIS', 'City corporation')], max_length=16)),
                ('population_2011', models.PositiveIntegerField()),
                ('population_2021', models.PositiveIntegerField()),
                ('inland_area_ha', models.DecimalField(decimal_places=1, max_digits=8)),
                ('state_funded_schools', models.PositiveSmallIntegerField()),
                ('centroid_lat', models.DecimalField(decimal_places=5, max_digits=8)),
                ('centroid_lon', models.DecimalField(decimal_places=5, max_digits=8)),
                ('tile_abbreviation', models.CharField(max_length=3)),
                ('tile_column', models.PositiveSmallIntegerField()),
                ('tile_row', models.PositiveSmallIntegerField()),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('kind__in', ['LONDON_BOROUGH', 'ROYAL_BOROUGH', 'CITY_BOROUGH', 'SUI_GENERIS'])), name='council_kind_is_known')],
            },
        ),
        migrations.CreateModel(
            name='Body',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('COUNCIL', 'Council'), ('SCHOOL', 'School'), ('OTHER', 'Other public body')], max_length=8)),
                ('name', models.CharField(max_length=120)),
                ('vat_recoverable', models.BooleanField(default=True, verbose_name='recovers VAT')),
                ('council', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='bodies', to='boroughs.council')),
            ],
            options={
                'verbose_name_plural': 'bodies',
            },
        ),
        migrations.CreateModel(
            name='GatewayRequirement',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('starts_on', models.DateField()),
                ('ends_on', models.DateField(blank=True, null=True)),
                ('council', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='gateway_requirements', to='boroughs.council')),
                ('gateway', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='boroughs.gateway')),
            ],
        ),
        migrations.CreateModel(
            name='GatewayCheck',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('verified_on', models.DateField()),
                ('evidence', models.CharField(max_length=200)),
                ('council', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='gateway_checks', to='boroughs.council')),
                ('gateway', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='boroughs.gateway')),
                ('generation', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='boroughs.generation')),
            ],
        ),
        migrations.CreateModel(
            name='JobRun',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('SAVINGS', 'Savings'), ('MIGRATION_STATUS', 'Migration status'), ('DEMO_DATA', 'Demo data')], max_length=20)),
                ('batch', models.UUIDField(db_index=True, null=True)),
                ('requested_at', models.DateTimeField()),
                ('started_at', models.DateTimeField(null=True)),
                ('finished_at', models.DateTimeField(null=True)),
                ('attempts', models.PositiveSmallIntegerField(default=0)),
                ('rows_changed', models.PositiveIntegerField(null=True)),
                ('fingerprint', models.CharField(blank=True, max_length=64)),
                ('note', models.CharField(blank=True, max_length=80)),
                ('error', models.TextField(blank=True)),
                ('council', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='job_runs', to='boroughs.council')),
                ('requested_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.CreateModel(
            name='Site',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('code', models.CharField(max_length=24, unique=True)),
                ('name', models.CharField(max_length=120)),
                ('kind', models.CharField(max_length=40, verbose_name='kind of site')),
                ('address', models.TextField(blank=True)),
                ('postcode', models.CharField(blank=True, max_length=8)),
                ('uprn', models.CharField(blank=True, max_length=12, verbose_name='UPRN')),
                ('latitude', models.DecimalField(blank=True, decimal_places=5, max_digits=8, null=True)),
                ('longitude', models.DecimalField(blank=True, decimal_places=5, max_digits=8, null=True)),
                ('position', models.CharField(blank=True, choices=[('SURVEYED', 'Surveyed'), ('POSTCODE', 'Centre of its postcode'), ('SYNTHETIC', 'Synthetic and approximate')], max_length=10)),
                ('body', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='sites', to='boroughs.body')),
            ],
        ),
        migrations.CreateModel(
            name='Connection',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('reference', models.CharField(max_length=40, unique=True)),
                ('access', models.CharField(choices=[('ETHERNET', 'Ethernet'), ('FTTC', 'Fibre to the cabinet'), ('OTHER', 'Other')], max_length=8, verbose_name='kind of access')),
                ('bandwidth', models.PositiveIntegerField(blank=True, null=True, verbose_name='Mbit/s')),
                ('resilience', models.CharField(choices=[('SINGLE', 'One line'), ('DUAL', 'Two lines')], max_length=6)),
                ('live_since', models.DateField(blank=True, null=True)),
                ('generation', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='boroughs.generation')),
                ('site', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='connections', to='boroughs.site')),
            ],
        ),
        migrations.CreateModel(
            name='Supplier',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=80)),
                ('role', models.CharField(blank=True, max_length=120)),
                ('company_number', models.CharField(blank=True, max_length=8)),
                ('note', models.TextField(blank=True)),
            ],
            options={
                'constraints': [models.UniqueConstraint(django.db.models.functions.text.Lower('name'), name='supplier_name_is_unique'), models.UniqueConstraint(condition=models.Q(('company_number', ''), _negated=True), fields=('company_number',), name='supplier_company_number_is_unique')],
            },
        ),
        migrations.CreateModel(
            name='Membership',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('role', models.CharField(choices=[('NETWORK_OFFICER', 'Network officer'), ('BUYER', 'Buyer'), ('APPROVER', 'Approver'), ('FINANCE', 'Finance'), ('AUDITOR', 'Auditor'), ('VIEWER', 'Viewer'), ('PROGRAMME_OFFICER', 'Programme officer'), ('SUPPLIER_AGENT', 'Supplier agent'), ('ADMINISTRATOR', 'Administrator')], max_length=20)),
                ('programme_wide', models.BooleanField(default=False)),
                ('starts_on', models.DateField()),
                ('ends_on', models.DateField(blank=True, null=True, verbose_name='first day without')),
                ('council', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='boroughs.council')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='memberships', to=settings.AUTH_USER_MODEL)),
                ('supplier', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='boroughs.supplier')),
            ],
        ),
        migrations.CreateModel(
            name='SupplierAlias',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=120)),
                ('folded', models.CharField(editable=False, max_length=120, unique=True)),
                ('supplier', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='aliases', to='boroughs.supplier')),
            ],
            options={
                'verbose_name_plural': 'supplier aliases',
            },
        ),
        migrations.CreateModel(
            name='ApiToken',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=80)),
                ('digest', models.CharField(editable=False, max_length=64, unique=True)),
                ('created_at', models.DateTimeField(editable=False)),
                ('expires_at', models.DateTimeField(blank=True, null=True)),
                ('last_used_at', models.DateTimeField(blank=True, editable=False, null=True)),
                ('revoked_at', models.DateTimeField(blank=True, null=True)),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='api_tokens', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('digest__regex', '^[0-9a-f]{64}$')), name='api_token_digest_is_sha256'), models.CheckConstraint(condition=models.Q(('expires_at__isnull', True), ('created_at__isnull', True), ('expires_at__gt', models.F('created_at')), _connector='OR'), name='api_token_expires_after_it_was_made')],
            },
        ),
        migrations.CreateModel(
            name='ComplianceCertificate',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('reference', models.CharField(max_length=40, unique=True)),
                ('starts_on', models.DateField(verbose_name='issued on')),
                ('ends_on', models.DateField(verbose_name='first day without')),
                ('council', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='certificates', to='boroughs.council')),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('ends_on__isnull', True), ('starts_on__isnull', True), ('ends_on__gt', models.F('starts_on')), _connector='OR'), name='compliance_certificate_ends_after_it_starts')],
            },
        ),
        migrations.AddConstraint(
            model_name='body',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ['COUNCIL', 'SCHOOL', 'OTHER'])), name='body_kind_is_known'),
        ),
        migrations.AddConstraint(
            model_name='body',
            constraint=models.UniqueConstraint(fields=('council', 'name'), name='body_name_is_unique_in_its_council'),
        ),
        migrations.AddConstraint(
            model_name='body',
            constraint=models.UniqueConstraint(condition=models.Q(('kind', 'COUNCIL')), fields=('council',), name='body_one_council_per_council'),
        ),
        migrations.AddConstraint(
            model_name='gatewayrequirement',
            constraint=models.CheckConstraint(condition=models.Q(('ends_on__isnull', True), ('starts_on__isnull', True), ('ends_on__gt', models.F('starts_on')), _connector='OR'), name='gateway_requirement_ends_after_it_starts'),
        ),
        migrations.AddConstraint(
            model_name='gatewayrequirement',
            constraint=django.contrib.postgres.constraints.ExclusionConstraint(expressions=[('council', '='), ('gateway', '='), (londonpsn.common.constraints.DateRange('starts_on', 'ends_on', django.contrib.postgres.fields.ranges.RangeBoundary()), '&&')], name='gateway_requirement_one_at_a_time'),
        ),
        migrations.AddConstraint(
            model_name='gatewaycheck',
            constraint=models.UniqueConstraint(fields=('council', 'gateway', 'generation', 'verified_on'), name='gateway_check_once_a_day'),
        ),
        migrations.AddIndex(
            model_name='jobrun',
            index=models.Index(fields=['council', 'kind', '-finished_at'], name='job_run_latest'),
        ),
        migrations.AddConstraint(
            model_name='jobrun',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ['SAVINGS', 'MIGRATION_STATUS', 'DEMO_DATA'])), name='job_run_kind_is_known'),
        ),
        migrations.AddConstraint(
            model_name='jobrun',
            constraint=models.CheckConstraint(condition=models.Q(('finished_at', None), models.Q(('finished_at__gte', models.F('started_at')), ('started_at__isnull', False)), _connector='OR'), name='job_run_starts_before_it_finishes'),
        ),
        migrations.AddConstraint(
            model_name='jobrun',
            constraint=models.CheckConstraint(condition=models.Q(('kind', 'DEMO_DATA'), ('council__isnull', False), _connector='OR'), name='job_run_of_figures_has_a_council'),
        ),
        migrations.AddConstraint(
            model_name='jobrun',
            constraint=models.UniqueConstraint(condition=models.Q(('started_at', None)), fields=('kind', 'council'), name='job_run_waits_once_per_kind_and_council'),
        ),
        migrations.AddConstraint(
            model_name='site',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('latitude', None), ('longitude', None), ('position', '')), models.Q(('latitude__isnull', False), ('longitude__isnull', False), ('position__in', ['SURVEYED', 'POSTCODE', 'SYNTHETIC'])), _connector='OR'), name='site_position_comes_with_its_source'),
        ),
        migrations.AddConstraint(
            model_name='site',
            constraint=models.CheckConstraint(condition=models.Q(('postcode', ''), ('postcode__regex', '^([A-Z]{1,2}[0-9][A-Z0-9]? [0-9][ABD-HJLNP-UW-Z]{2}|GIR 0AA)$'), _connector='OR'), name='site_postcode_is_well_formed'),
        ),
        migrations.AddConstraint(
            model_name='site',
            constraint=models.UniqueConstraint(condition=models.Q(('uprn', ''), _negated=True), fields=('body', 'uprn'), name='site_property_is_unique_in_its_body'),
        ),
        migrations.AddConstraint(
            model_name='connection',
            constraint=models.CheckConstraint(condition=models.Q(('access__in', ['ETHERNET', 'FTTC', 'OTHER'])), name='connection_access_is_known'),
        ),
        migrations.AddConstraint(
            model_name='connection',
            constraint=models.CheckConstraint(condition=models.Q(('resilience__in', ['SINGLE', 'DUAL'])), name='connection_resilience_is_known'),
        ),
        migrations.AddConstraint(
            model_name='connection',
            constraint=models.CheckConstraint(condition=models.Q(('bandwidth', None), ('bandwidth__gt', 0), _connector='OR'), name='connection_bandwidth_is_above_zero'),
        ),
        migrations.AddConstraint(
            model_name='membership',
            constraint=models.CheckConstraint(condition=models.Q(('role__in', ['NETWORK_OFFICER', 'BUYER', 'APPROVER', 'FINANCE', 'AUDITOR', 'VIEWER', 'PROGRAMME_OFFICER', 'SUPPLIER_AGENT', 'ADMINISTRATOR'])), name='membership_role_is_known'),
        ),
        migrations.AddConstraint(
            model_name='membership',
            constraint=models.CheckConstraint(condition=models.Q(('ends_on__isnull', True), ('starts_on__isnull', True), ('ends_on__gt', models.F('starts_on')), _connector='OR'), name='membership_ends_after_it_starts'),
        ),
        migrations.AddConstraint(
            model_name='membership',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('council__isnull', False), ('programme_wide', False), ('supplier', None)), models.Q(('council', None), ('programme_wide', False), ('supplier__isnull', False)), models.Q(('council', None), ('programme_wide', True), ('supplier', None)), _connector='OR'), name='membership_is_of_exactly_one_place'),
        ),
        migrations.AddConstraint(
            model_name='membership',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('role', 'SUPPLIER_AGENT'), ('supplier__isnull', False)), models.Q(models.Q(('role', 'SUPPLIER_AGENT'), _negated=True), ('supplier', None)), _connector='OR'), name='membership_at_a_supplier_is_an_agent'),
        ),
        migrations.AddConstraint(
            model_name='membership',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('role__in', ['PROGRAMME_OFFICER', 'ADMINISTRATOR']), _negated=True), ('programme_wide', True), _connector='OR'), name='membership_of_the_programme_has_a_programme_role'),
        ),
        migrations.AddConstraint(
            model_name='membership',
            constraint=django.contrib.postgres.constraints.ExclusionConstraint(expressions=[('user', '='), ('role', '='), (django.db.models.functions.comparison.Coalesce(models.F('council'), 0), '='), (django.db.models.functions.comparison.Coalesce(models.F('supplier'), 0), '='), (londonpsn.common.constraints.DateRange('starts_on', 'ends_on', django.contrib.postgres.fields.ranges.RangeBoundary()), '&&')], name='membership_one_at_a_time'),
        ),
        migrations.AddConstraint(
            model_name='supplieralias',
            constraint=models.CheckConstraint(condition=models.Q(('folded', ''), _negated=True), name='supplier_alias_is_not_blank'),
        ),
    ]
