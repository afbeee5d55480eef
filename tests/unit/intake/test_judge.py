"""New, news or the same again: every combination ends in one verdict, and none loses words."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from services.intake.domain.acceptance import (
    Answered,
    Fresh,
    KeyReused,
    Post,
    Recorded,
    Repeat,
    Update,
    VersionBehind,
    VersionReused,
    judge,
)

BODIES = st.sampled_from([b"one", b"two"])
VERSIONS = st.none() | st.integers(0, 3)
ANSWERED = st.none() | st.builds(Answered, body=BODIES, answer=st.just("by key"))
POSTS = st.builds(Post, client_id=st.just("c"), key=st.just(b"k"), body=BODIES, record=st.just(b"r"), version=VERSIONS)
RECORDED = st.none() | st.builds(
    Recorded,
    referral_id=st.just("id"),
    reference=st.just("KR"),
    revision=st.integers(1, 5),
    version=VERSIONS,
    body=BODIES,
    answer=st.just("by record"),
)


@given(POSTS, ANSWERED, RECORDED)
def test_an_answer_is_repeated_only_for_the_same_body(
    post: Post, answered: Answered | None, recorded: Recorded | None
) -> None:
    verdict = judge(post, answered, recorded)
    if isinstance(verdict, Repeat):
        first = answered or recorded
        assert first is not None
        assert (first.body, first.answer) == (post.body, verdict.answer)
        assert verdict.remember == (answered is None)


@given(POSTS, RECORDED)
def test_another_body_is_taken_or_refused_aloud(post: Post, recorded: Recorded | None) -> None:
    match judge(post, None, recorded):
        case Fresh():
            assert recorded is None
        case Update(referral_id, _, revision):
            assert recorded is not None
            assert (referral_id, revision) == (recorded.referral_id, recorded.revision + 1)
            assert post.version is None or recorded.version is None or post.version > recorded.version
        case VersionBehind():
            assert recorded is not None
            assert (post.version or 0) < (recorded.version or 0)
        case VersionReused():
            assert recorded is not None
            assert post.version == recorded.version
            assert post.body != recorded.body
        case KeyReused():
            raise AssertionError("no key was answered")
        case Repeat():
            assert recorded is not None


@given(POSTS, ANSWERED, RECORDED)
def test_a_used_key_never_takes_another_body(post: Post, answered: Answered | None, recorded: Recorded | None) -> None:
    if answered is not None and answered.body != post.body:
        assert judge(post, answered, recorded) == KeyReused()
