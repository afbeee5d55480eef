"""The linter refuses what a message may not say, and lets through what the source texts advise."""

from __future__ import annotations

import pytest

from services.kit.message_lint import lint_message


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("A video is going round on Snapchat.", "names_platform"),
        ("Ask your child about OMEGLE and similar sites.", "names_platform"),
        ("Talk about Tik Tok.", "names_platform"),
        ("It was sent in a snap chat.", "names_platform"),
        ("It is silly to send it.", "blames"),
        ("Dear parents of {{ child_name }},", "placeholder_not_allowed"),
        ("A concern at {{ school.name | upper }}", "placeholder_not_allowed"),
        ("A concern at ((school name))", "placeholder_not_allowed"),
        ("It was {{ app }}", "placeholder_not_allowed"),
        ("{{ narrative }}", "placeholder_not_allowed"),
        ("The children should not have sent the pictures.", "blames"),
        ("It is their own fault.", "blames"),
        ("Some pupils were foolish.", "blames"),
        ("Anybody who shares it will be prosecuted.", "threatens"),
        ("Pupils risk a criminal record.", "threatens"),
        ("Pupils who have it\nwill be excluded.", "threatens"),
        ("Delete the video.", "deletes_before_reporting"),
        ("Please delete the video and report it to CEOP.", "deletes_before_reporting"),
        ("Do not wait but delete it.", "deletes_before_reporting"),
        ("Erase it, then report it.", "deletes_before_reporting"),
        ("Ask your child to get rid of it.", "deletes_before_reporting"),
        ("We have reported this to the police.", "claims_report"),
        ("The council has told CEOP.", "claims_report"),
        ("The police have been informed.", "claims_report"),
        ("The pupil named in the report", "personal_data"),
        ("Their date of birth and UPN", "personal_data"),
        ("They live at ME14 1XX", "personal_data"),
    ],
)
def test_a_text_that_may_not_go_out_is_refused(text: str, code: str) -> None:
    assert code in {finding.code for finding in lint_message(text)}


@pytest.mark.parametrize(
    "text",
    [
        "Report it to CEOP; once that is done your child can be helped to delete it.",
        "Do not delete anything.",
        "Never ask a child to delete it.",
        "Reference {{ reference }}, {{ urgency }}, answer by {{ acknowledge_by }}: {{ link }}",
        "Reference ((reference))",
        "Pupils who received it have done nothing wrong.",
        "Report this to the police yourself, on 101.",
        "Report Remove helps a child to have imagery taken down.",
        "It has not been reported for you.",
        "An app or a site",
        "",
    ],
)
def test_what_the_source_texts_advise_goes_through(text: str) -> None:
    assert lint_message(text) == ()


def test_a_finding_names_its_line() -> None:
    (finding,) = lint_message("Dear parents,\n\nplease look at\nInstagram together.")
    assert (finding.line, finding.excerpt) == (4, "Instagram")


def test_a_kind_of_message_may_allow_its_own_placeholders() -> None:
    assert lint_message("{{ letter_date }}", allowed=frozenset({"letter_date"})) == ()
    assert lint_message("{{ letter_date }}", allowed=frozenset()) != ()
