"""Forms of the questions at sign-up: as the host types them, and as they are answered."""

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from activities.models import SignUpQuestion
from activities.services.questions import LONGEST_ANSWER, MOST, NO, YES

Kind = SignUpQuestion.Kind
EMPTY_ROWS = 2


class QuestionRowForm(forms.ModelForm):
    """A question; one without text is taken out."""

    question = forms.IntegerField(required=False, widget=forms.HiddenInput)
    options = forms.CharField(
        label=_("what one chooses from"),
        max_length=400,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Only for “one of several”: one on each line."),
    )

    class Meta:
        model = SignUpQuestion
        fields = ("text", "kind", "options", "is_required")

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["text"].required = False

    def clean_options(self):
        return [line.strip() for line in self.cleaned_data["options"].splitlines()]

    def _post_clean(self):
        """Judged as a whole by the service."""


class BaseQuestions(forms.BaseFormSet):
    def rows(self):
        return [
            {
                "id": given.get("question"),
                "text": given["text"].strip(),
                "kind": given["kind"],
                "options": [line for line in given["options"] if line],
                "is_required": given["is_required"],
            }
            for given in (form.cleaned_data for form in self.forms)
            if given.get("text", "").strip()
        ]


def question_rows(data, questions):
    """The rows of those that stand, and some empty ones."""
    rows = forms.formset_factory(
        QuestionRowForm,
        formset=BaseQuestions,
        extra=min(EMPTY_ROWS, MOST - len(questions)),
        max_num=MOST,
        absolute_max=MOST,
        validate_max=True,
    )
    initial = [
        {
            "question": question.pk,
            "text": question.text,
            "kind": question.kind,
            "options": "\n".join(question.options),
            "is_required": question.is_required,
        }
        for question in questions
    ]
    return rows(data, initial=initial, prefix="row")


def answer_field(question):
    """The field in which a question is answered."""
    common = {"label": question.text, "required": question.is_required}
    if question.kind == Kind.TEXT:
        return forms.CharField(max_length=LONGEST_ANSWER, **common)
    if question.kind == Kind.YES_NO:
        choices = [
            (YES, pgettext_lazy("answer", "Yes")),
            (NO, pgettext_lazy("answer", "No")),
        ]
        return forms.ChoiceField(choices=choices, widget=forms.RadioSelect, **common)
    choices = [("", _("Please choose")), *((one, one) for one in question.options)]
    return forms.ChoiceField(choices=choices, **common)
