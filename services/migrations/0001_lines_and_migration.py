
import londonpsn.common.constraints
import django.contrib.postgres.constraints
import django.contrib.postgres.fields
import django.contrib.postgres.fields.ranges
import django.db.models.deletion
import django.db.models.functions.text
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('boroughs', '0003_councils_places_and_people'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Contract',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('reference', models.CharField(max_length=60)),
                ('title', models.CharField(max_length=120)),
                ('starts_on', models.DateField(blank=True, null=True)),
                ('ends_on', models.DateField(blank=True, null=True, verbose_name='first day without')),
                ('notice_days', models.PositiveSmallIntegerField(blank=True, null=True)),
                ('proration', models.CharField(choices=[('ACTUAL_MONTH', 'by the days of the month')], default='ACTUAL_MONTH', max_length=12)),
                ('council', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='contracts', to='boroughs.council')),
                ('supplier', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='contracts', to='boroughs.supplier')),
            ],
        ),
        migrations.CreateModel(
            name='Line',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('reference', models.CharField(max_length=60)),
                ('description', models.CharField(blank=True, max_length=120)),
                ('quantity', models.PositiveIntegerField(default=1)),
                ('starts_on', models.DateField(blank=True, null=True)),
                ('ends_on', models.DateField(blank=True, null=True)),
                ('billed_from', models.DateField(blank=True, null=True)),
                ('billed_until', models.DateField(blank=True, null=True)),
                ('phone_numbers', models.CharField(blank=True, max_length=200)),
                ('billing_account', models.CharField(blank=True, max_length=40)),
                ('room', models.CharField(blank=True, max_length=80, verbose_name='place in the building')),
                ('used_for', models.CharField(blank=True, max_length=120)),
                ('owner', models.CharField(blank=True, max_length=80)),
                ('cost_centre', models.CharField(blank=True, max_length=40)),
                ('minimum_term_ends_on', models.DateField(blank=True, null=True)),
                ('last_billed_on', models.DateField(blank=True, null=True, verbose_name='last on a bill')),
                ('last_used_on', models.DateField(blank=True, null=True)),
                ('reviewed_on', models.DateField(blank=True, null=True)),
                ('found_on', models.DateField(blank=True, null=True)),
                ('body', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='lines', to='boroughs.body')),
                ('connection', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='lines', to='boroughs.connection')),
                ('contract', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='lines', to='services.contract')),
                ('generation', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='boroughs.generation')),
                ('reviewed_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('site', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='lines', to='boroughs.site')),
                ('supplier', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='lines', to='boroughs.supplier')),
            ],
        ),
        migrations.CreateModel(
            name='Charge',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('RECURRING', 'A month'), ('ONE_OFF', 'Once')], max_length=9)),
                ('amount', models.DecimalField(decimal_places=4, max_digits=14)),
                ('starts_on', models.DateField()),
                ('ends_on', models.DateField(blank=True, null=True)),
                ('line', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='charges', to='services.line')),
            ],
        ),
        migrations.CreateModel(
            name='LineFlag',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('EXEMPT', 'Exempt'), ('DUPLICATE', 'Duplicate'), ('NOT_REQUIRED', 'Not required any more'), ('HELD_CHARGE', 'Held by a charge'), ('DISPUTED', 'Disputed'), ('BILLED_AFTER_CEASE', 'Billed after its cease')], max_length=18)),
                ('starts_on', models.DateField()),
                ('ends_on', models.DateField(blank=True, null=True)),
                ('reason', models.CharField(max_length=200)),
                ('owner', models.CharField(blank=True, max_length=80)),
                ('line', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='flags', to='services.line')),
            ],
        ),
        migrations.CreateModel(
            name='LineMove',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('from_stage', models.CharField(blank=True, choices=[('IDENTIFIED', 'Found'), ('VALIDATED', 'Confirmed'), ('QUALIFIED', 'Solution chosen'), ('ORDERED', 'Ordered'), ('COMMITTED', 'Date promised'), ('BUILD', 'Being built'), ('INSTALLED', 'Delivered'), ('ACCEPTED', 'Accepted'), ('CUTOVER', 'In use'), ('CEASE_ORDERED', 'Cease ordered'), ('CEASED', 'Ceased'), ('CLOSED', 'Closed')], max_length=13)),
                ('to_stage', models.CharField(choices=[('IDENTIFIED', 'Found'), ('VALIDATED', 'Confirmed'), ('QUALIFIED', 'Solution chosen'), ('ORDERED', 'Ordered'), ('COMMITTED', 'Date promised'), ('BUILD', 'Being built'), ('INSTALLED', 'Delivered'), ('ACCEPTED', 'Accepted'), ('CUTOVER', 'In use'), ('CEASE_ORDERED', 'Cease ordered'), ('CEASED', 'Ceased'), ('CLOSED', 'Closed')], max_length=13)),
                ('on', models.DateField()),
                ('recorded_at', models.DateTimeField()),
                ('proof', models.CharField(blank=True, max_length=120)),
                ('reason', models.CharField(blank=True, max_length=200)),
                ('by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('line', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='moves', to='services.line')),
            ],
        ),
        migrations.CreateModel(
            name='PlannedMove',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('to_stage', models.CharField(choices=[('IDENTIFIED', 'Found'), ('VALIDATED', 'Confirmed'), ('QUALIFIED', 'Solution chosen'), ('ORDERED', 'Ordered'), ('COMMITTED', 'Date promised'), ('BUILD', 'Being built'), ('INSTALLED', 'Delivered'), ('ACCEPTED', 'Accepted'), ('CUTOVER', 'In use'), ('CEASE_ORDERED', 'Cease ordered'), ('CEASED', 'Ceased'), ('CLOSED', 'Closed')], max_length=13)),
                ('on', models.DateField()),
                ('line', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='planned_moves', to='services.line')),
            ],
        ),
        migrations.CreateModel(
            name='Programme',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('code', models.SlugField(unique=True)),
                ('name', models.CharField(max_length=80)),
                ('body_kinds', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(choices=[('COUNCIL', 'Council'), ('SCHOOL', 'School'), ('OTHER', 'Other public body')], max_length=8), size=None)),
                ('frozen_on', models.DateField()),
                ('hard_stop', models.DateField(blank=True, null=True)),
                ('is_default', models.BooleanField(default=False)),
                ('generation', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='boroughs.generation')),
            ],
        ),
        migrations.CreateModel(
            name='Milestone',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('percent', models.PositiveSmallIntegerField()),
                ('due_on', models.DateField(blank=True, null=True)),
                ('programme', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='milestones', to='services.programme')),
            ],
        ),
        migrations.CreateModel(
            name='MigrationStatus',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('status', models.CharField(choices=[('NO_DATA', 'No data'), ('NOT_STARTED', 'Not started'), ('PLANNING', 'Planning'), ('IN_PROGRESS', 'In progress'), ('CONNECTED', 'Connected, still paying for old lines'), ('FULLY_MIGRATED', 'Fully migrated'), ('REGRESSED', 'Slipped back'), ('EXEMPT', 'Exempt')], max_length=14)),
                ('reasons', models.JSONField(default=list)),
                ('lines_in_scope', models.PositiveIntegerField()),
                ('lines_to_replace', models.PositiveIntegerField()),
                ('lines_connected', models.PositiveIntegerField()),
                ('lines_ceased', models.PositiveIntegerField()),
                ('lines_with_mrc', models.PositiveIntegerField()),
                ('mrc_in_scope', models.DecimalField(decimal_places=4, max_digits=14)),
                ('mrc_ceased', models.DecimalField(decimal_places=4, max_digits=14)),
                ('lines_billed', models.PositiveIntegerField()),
                ('mrc_billed', models.DecimalField(decimal_places=4, max_digits=14)),
                ('lines_paid_twice', models.PositiveIntegerField()),
                ('mrc_paid_twice', models.DecimalField(decimal_places=4, max_digits=14)),
                ('fully_migrated_first_on', models.DateField(null=True)),
                ('council', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='migration_statuses', to='boroughs.council')),
                ('programme', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='services.programme')),
            ],
            options={
                'verbose_name_plural': 'migration statuses',
            },
        ),
        migrations.CreateModel(
            name='Replacement',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('body', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='replacements', to='boroughs.body')),
            ],
        ),
        migrations.CreateModel(
            name='Baseline',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('version', models.PositiveSmallIntegerField(default=1)),
                ('amount', models.DecimalField(decimal_places=4, max_digits=14)),
                ('method', models.CharField(choices=[('INVOICE_12M', 'Mean of twelve invoiced months'), ('INVOICE_PART', 'Three to eleven invoiced months'), ('CONTRACT_PRICE', 'Contract price in force'), ('SUPPLIER_QUOTE', "Supplier's quote to renew"), ('PEER_MEDIAN', 'Median of other councils')], max_length=14)),
                ('grade', models.CharField(choices=[('A', 'A'), ('B', 'B'), ('C', 'C')], max_length=1)),
                ('starts_on', models.DateField()),
                ('ends_on', models.DateField()),
                ('replacement', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='baselines', to='services.replacement')),
            ],
        ),
        migrations.CreateModel(
            name='ReplacementLine',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('side', models.CharField(choices=[('OLD', 'Old'), ('NEW', 'New')], max_length=3)),
                ('let_go_on', models.DateField(blank=True, null=True)),
                ('line', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='replacements', to='services.line')),
                ('replacement', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='members', to='services.replacement')),
            ],
        ),
        migrations.CreateModel(
            name='ServiceType',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('code', models.CharField(max_length=16, unique=True)),
                ('name', models.CharField(max_length=80)),
                ('family', models.CharField(choices=[('wan', 'Data lines'), ('gateway', 'Gateways'), ('internet', 'Internet'), ('voice', 'Voice'), ('mobile', 'Mobile'), ('local', 'Local network and wireless'), ('conferencing', 'Conferencing'), ('security', 'Security'), ('other', 'Other')], max_length=12)),
                ('unit', models.CharField(blank=True, max_length=40)),
                ('recurring_period', models.CharField(blank=True, max_length=20)),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('family__in', ['wan', 'gateway', 'internet', 'voice', 'mobile', 'local', 'conferencing', 'security', 'other'])), name='service_type_family_is_known')],
            },
        ),
        migrations.AddField(
            model_name='replacement',
            name='service_type',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='services.servicetype'),
        ),
        migrations.AddField(
            model_name='programme',
            name='service_types',
            field=models.ManyToManyField(related_name='programmes', to='services.servicetype'),
        ),
        migrations.AddField(
            model_name='line',
            name='service_type',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='services.servicetype'),
        ),
        migrations.AddConstraint(
            model_name='contract',
            constraint=models.CheckConstraint(condition=models.Q(('proration__in', ['ACTUAL_MONTH'])), name='contract_proration_is_known'),
        ),
        migrations.AddConstraint(
            model_name='contract',
            constraint=models.CheckConstraint(condition=models.Q(('ends_on__isnull', True), ('starts_on__isnull', True), ('ends_on__gt', models.F('starts_on')), _connector='OR'), name='contract_ends_after_it_starts'),
        ),
        migrations.AddConstraint(
            model_name='contract',
            constraint=models.UniqueConstraint(fields=('council', 'reference'), name='contract_reference_is_unique_in_its_council'),
        ),
        migrations.AddConstraint(
            model_name='charge',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ['RECURRING', 'ONE_OFF'])), name='charge_kind_is_known'),
        ),
        migrations.AddConstraint(
            model_name='charge',
            constraint=models.CheckConstraint(condition=models.Q(('amount__gte', 0)), name='charge_amount_is_not_negative'),
        ),
        migrations.AddConstraint(
            model_name='charge',
            constraint=models.CheckConstraint(condition=models.Q(('ends_on__isnull', True), ('starts_on__isnull', True), ('ends_on__gt', models.F('starts_on')), _connector='OR'), name='charge_ends_after_it_starts'),
        ),
        migrations.AddConstraint(
            model_name='charge',
            constraint=models.CheckConstraint(condition=models.Q(('kind', 'RECURRING'), ('ends_on', None), _connector='OR'), name='charge_once_has_no_end'),
        ),
        migrations.AddConstraint(
            model_name='charge',
            constraint=django.contrib.postgres.constraints.ExclusionConstraint(condition=models.Q(('kind', 'RECURRING')), expressions=[('line', '='), (londonpsn.common.constraints.DateRange('starts_on', 'ends_on', django.contrib.postgres.fields.ranges.RangeBoundary()), '&&')], name='charge_one_recurring_at_a_time_per_line'),
        ),
        migrations.AddConstraint(
            model_name='lineflag',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ['EXEMPT', 'DUPLICATE', 'NOT_REQUIRED', 'HELD_CHARGE', 'DISPUTED', 'BILLED_AFTER_CEASE'])), name='line_flag_kind_is_known'),
        ),
        migrations.AddConstraint(
            model_name='lineflag',
            constraint=models.CheckConstraint(condition=models.Q(('ends_on__isnull', True), ('starts_on__isnull', True), ('ends_on__gt', models.F('starts_on')), _connector='OR'), name='line_flag_ends_after_it_starts'),
        ),
        migrations.AddConstraint(
            model_name='lineflag',
            constraint=models.CheckConstraint(condition=models.Q(('reason', ''), _negated=True), name='line_flag_has_a_reason'),
        ),
        migrations.AddIndex(
            model_name='linemove',
            index=models.Index(fields=['line', '-on', '-id'], name='line_move_latest'),
        ),
        migrations.AddConstraint(
            model_name='linemove',
            constraint=models.CheckConstraint(condition=models.Q(('from_stage', ''), ('from_stage__in', ['IDENTIFIED', 'VALIDATED', 'QUALIFIED', 'ORDERED', 'COMMITTED', 'BUILD', 'INSTALLED', 'ACCEPTED', 'CUTOVER', 'CEASE_ORDERED', 'CEASED', 'CLOSED']), _connector='OR'), name='line_move_comes_from_a_known_stage'),
        ),
        migrations.AddConstraint(
            model_name='linemove',
            constraint=models.CheckConstraint(condition=models.Q(('to_stage__in', ['IDENTIFIED', 'VALIDATED', 'QUALIFIED', 'ORDERED', 'COMMITTED', 'BUILD', 'INSTALLED', 'ACCEPTED', 'CUTOVER', 'CEASE_ORDERED', 'CEASED', 'CLOSED'])), name='line_move_goes_to_a_known_stage'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='linemove',
            trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='cf280c02c7d0fd14db9bd54899a649480f6ba093', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_0039d', table='services_linemove', when='BEFORE')),
        ),
        migrations.AddConstraint(
            model_name='plannedmove',
            constraint=models.CheckConstraint(condition=models.Q(('to_stage__in', ['IDENTIFIED', 'VALIDATED', 'QUALIFIED', 'ORDERED', 'COMMITTED', 'BUILD', 'INSTALLED', 'ACCEPTED', 'CUTOVER', 'CEASE_ORDERED', 'CEASED', 'CLOSED'])), name='planned_move_goes_to_a_known_stage'),
        ),
        migrations.AddConstraint(
            model_name='plannedmove',
            constraint=models.UniqueConstraint(fields=('line', 'to_stage'), name='planned_move_once_per_line_and_stage'),
        ),
        migrations.AddConstraint(
            model_name='milestone',
            constraint=models.CheckConstraint(condition=models.Q(('percent__gte', 1), ('percent__lte', 100)), name='milestone_percent_is_1_to_100'),
        ),
        migrations.AddConstraint(
            model_name='milestone',
            constraint=models.UniqueConstraint(fields=('programme', 'percent'), name='milestone_once_per_programme_and_percent'),
        ),
        migrations.AddConstraint(
            model_name='migrationstatus',
            constraint=models.CheckConstraint(condition=models.Q(('status__in', ['NO_DATA', 'NOT_STARTED', 'PLANNING', 'IN_PROGRESS', 'CONNECTED', 'FULLY_MIGRATED', 'REGRESSED', 'EXEMPT'])), name='migration_status_is_known'),
        ),
        migrations.AddConstraint(
            model_name='migrationstatus',
            constraint=models.UniqueConstraint(fields=('council', 'programme'), name='migration_status_once_per_programme'),
        ),
        migrations.AddConstraint(
            model_name='baseline',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('grade', 'A'), ('method', 'INVOICE_12M')), models.Q(('grade', 'B'), ('method__in', ['INVOICE_PART', 'CONTRACT_PRICE'])), models.Q(('grade', 'C'), ('method__in', ['SUPPLIER_QUOTE', 'PEER_MEDIAN'])), _connector='OR'), name='baseline_grade_is_that_of_its_method'),
        ),
        migrations.AddConstraint(
            model_name='baseline',
            constraint=models.CheckConstraint(condition=models.Q(('amount__gte', 0)), name='baseline_amount_is_not_negative'),
        ),
        migrations.AddConstraint(
            model_name='baseline',
            constraint=models.CheckConstraint(condition=models.Q(('ends_on__isnull', True), ('starts_on__isnull', True), ('ends_on__gt', models.F('starts_on')), _connector='OR'), name='baseline_ends_after_it_starts'),
        ),
        migrations.AddConstraint(
            model_name='baseline',
            constraint=models.UniqueConstraint(fields=('replacement', 'version'), name='baseline_version_is_unique'),
        ),
        migrations.AddConstraint(
            model_name='replacementline',
            constraint=models.CheckConstraint(condition=models.Q(('side__in', ['OLD', 'NEW'])), name='replacement_line_side_is_known'),
        ),
        migrations.AddConstraint(
            model_name='replacementline',
            constraint=models.UniqueConstraint(condition=models.Q(('let_go_on', None)), fields=('line',), name='replacement_line_is_in_one_open_replacement'),
        ),
        migrations.AddConstraint(
            model_name='replacementline',
            constraint=models.UniqueConstraint(fields=('replacement', 'line'), name='replacement_line_is_named_once'),
        ),
        migrations.AddConstraint(
            model_name='programme',
            constraint=models.UniqueConstraint(condition=models.Q(('is_default', True)), fields=('is_default',), name='programme_one_is_default'),
        ),
        migrations.AddConstraint(
            model_name='programme',
            constraint=models.CheckConstraint(condition=models.Q(('body_kinds__contained_by', ['COUNCIL', 'SCHOOL', 'OTHER']), ('body_kinds__len__gt', 0)), name='programme_body_kinds_are_known'),
        ),
        migrations.AddConstraint(
            model_name='programme',
            constraint=models.CheckConstraint(condition=models.Q(('hard_stop', None), ('hard_stop__gt', models.F('frozen_on')), _connector='OR'), name='programme_stops_after_it_is_frozen'),
        ),
        migrations.AddIndex(
            model_name='line',
            index=models.Index(fields=['body', 'service_type'], name='line_by_body_and_type'),
        ),
        migrations.AddConstraint(
            model_name='line',
            constraint=models.CheckConstraint(condition=models.Q(('ends_on__isnull', True), ('starts_on__isnull', True), ('ends_on__gt', models.F('starts_on')), _connector='OR'), name='line_ends_after_it_starts'),
        ),
        migrations.AddConstraint(
            model_name='line',
            constraint=models.CheckConstraint(condition=models.Q(('billed_until__isnull', True), ('billed_from__isnull', True), ('billed_until__gt', models.F('billed_from')), _connector='OR'), name='line_is_billed_until_after_it_is_billed_from'),
        ),
        migrations.AddConstraint(
            model_name='line',
            constraint=models.CheckConstraint(condition=models.Q(('quantity__gt', 0)), name='line_quantity_is_above_zero'),
        ),
        migrations.AddConstraint(
            model_name='line',
            constraint=models.CheckConstraint(condition=models.Q(('reference', ''), _negated=True), name='line_reference_is_not_blank'),
        ),
        migrations.AddConstraint(
            model_name='line',
            constraint=models.UniqueConstraint(models.F('supplier'), django.db.models.functions.text.Upper(models.Func(models.F('reference'), models.Value('\\s+'), models.Value(''), models.Value('g'), function='regexp_replace')), name='line_reference_is_unique_per_supplier'),
        ),
    ]
