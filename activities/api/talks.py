"""Heart-to-heart talks by the API: that there was one, never what was said (LIFE-09)."""

from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import mixins, serializers

from activities import access_appraisal
from activities.models import Talk
from activities.services import talks
from members.api.fields import DayField, TextField
from members.api.viewsets import RecordViewSet
from members.models import Member


class TalkSerializer(serializers.ModelSerializer):
    class Meta:
        model = Talk
        fields = ("id", "branch", "held_on", "first", "second", "pair", "topic")
        read_only_fields = fields


class TalkSentSerializer(serializers.Serializer):
    """first: left out, the caller. Others are named by who manages talks there. note is
    kept sealed and is not given out here."""

    first = serializers.IntegerField(min_value=1, max_value=2**63 - 1, required=False)
    second = serializers.IntegerField(min_value=1, max_value=2**63 - 1)
    held_on = DayField()
    topic = serializers.ChoiceField(Talk.Topic.choices)
    note = TextField(max_length=talks.LONGEST_TEXT)


@extend_schema_view(
    list=extend_schema(summary=_("The talks you had or manage")),
    retrieve=extend_schema(summary=_("One heart-to-heart talk")),
)
class TalkViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, RecordViewSet):
    """The latest first."""

    model = Talk
    serializer_class = TalkSerializer
    orders = {"-held_on": ("-held_on", "-pk"), "id": ("pk",)}

    def get_queryset(self):
        return access_appraisal.visible_talks(self.request.user)

    @extend_schema(
        summary=_("Note a talk"),
        request=TalkSentSerializer,
        responses={201: TalkSerializer},
    )
    def create(self, request):
        sent = self.sent(TalkSentSerializer)
        me = access_appraisal.live_member(request.user)
        managed = access_appraisal.managed_branches(request.user)
        key = sent.pop("first", me.pk if me else None)
        first = Member.objects.filter(pk=key, branch__in=managed).first()
        if me is not None and key == me.pk:
            first = me
        if first is None:
            self.permission_denied(request)
        talk = Talk(
            branch=first.branch,
            first=first,
            second_id=sent["second"],
            held_on=sent["held_on"],
            topic=sent["topic"],
            note=sent.get("note", ""),
        )
        made = talks.note(talk, by=request.user, today=timezone.localdate())
        return self.answer(made, 201)
