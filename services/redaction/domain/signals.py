"""The words beside which a name is expected: titles, kinship, speech, calling, roles."""

from __future__ import annotations

from services.redaction.domain.words import word_set

TITLES = word_set(
    """mr mrs ms miss mx dr doctor prof professor sir dame lord lady rev revd reverend fr father cllr councillor
    judge hhj pc pcso wpc dc ds di dci ps sgt sergeant insp inspector cpl capt captain col colonel major master
    nurse coach imam pastor bishop rabbi ustad ustadh ustaza qari apostle prophet deacon bro sr mme mlle
    monsieur madame senor senora herr frau pan pani khanom sheikh maulana haji brother sister matron officer
    constable detective"""
)
"""Titles that stand straight before a name. "miss", "master" and "sister" are words as well."""

WORDY_TITLES = word_set(
    """miss master father brother sister judge coach major nurse officer doctor lord lady sir bro fr sr pan ps di
    ds dame"""
)
"""Titles that need a capital of their own, or an unknown word after them, to count."""

KIN = word_set(
    """mum mummy mam mammy ma mom mother dad daddy da papa pop pops father nan nanna nana nanny gran granny grandma
    grandad granddad grandpa gramps grandmother grandfather nain taid auntie aunty aunt aunties uncle uncles
    cousin cousins brother brothers sister sisters bro sis son sons daughter daughters twin twins baby stepdad
    stepmum stepfather stepmother stepson stepdaughter stepbrother stepsister husband wife partner boyfriend
    girlfriend ex fiance fiancee bf gf bff mate mates friend friends bestie neighbour carer godmother godfather
    niece nephew sibling siblings child bibi baba dada dadi nani nanu chacha chachi mama mami masi khala phupho
    bua taya bhai bhaiya didi baji babcia dziadek ciocia wujek bunica tanti nasu teta babi ayeeyo hooyo abo
    habaryar adeer abti anne abla abi teyze amca hala tantine tonton tio tia tita tito lola lolo kuya ate nonna
    nonno zia zio maiguru sekuru ambuya gogo wofa jaja kaka akka anna anh chi co chu ong"""
)
"""Kinship and closeness; they stay in the text, the name after them goes."""

ROLES = word_set(
    """teacher tutor headteacher head deputy dsl ddsl senco sendco ta hlta lsa mentor counsellor caretaker
    receptionist governor matron worker officer sw ssw ewo gp nurse physio therapist psychologist midwife
    visitor solicitor guardian inspector adviser advisor lado iro idva warden driver escort chair manager
    coordinator co-ordinator lead clerk consultant paediatrician interpreter witness landlord coach instructor
    keyworker"""
)
"""Work that makes a named adult a member of staff or another professional."""

CALLING = word_set("called named known aka alias nicknamed renamed christened calls")
"""Words after which somebody's name follows, perhaps with "as", "him" or "her" between."""

SPEECH = word_set(
    """said says say saying told tells asked asks replied disclosed disclosing reported reports stated states
    alleged alleges admitted denied denies explained shouted cried cries wrote writes texted messaged rang rings
    phoned called emailed answered confirmed mentioned added thinks thought knew knows feels felt wants wanted
    went goes came comes was is has had did does didn't doesn't wasn't isn't hasn't hadn't won't would could
    can't couldn't looked seemed appeared became got gets took takes gave gives left lives lived hit punched
    kicked pushed slapped bit threw ran arrived attended attends missed returned refused agreed started stopped
    kept keeps tried tries made makes saw sees hates loves likes needs needed has hasnt didnt doesnt wasnt isnt
    wont remains lost found spoke sat stood walked showed shows sent sends stayed stays put puts laughed smiled
    used uses works worked turned moved brought cannot"""
)
"""Verbs in the third person or the past: what stands before one at the head of a clause is a person."""

PRONOUNS = word_set(
    """i you he she they we it him her them us me my your his their our its the a an this that these those there
    here be been have do not never also please any all no some what who which when where why how if someone
    anyone nobody"""
)
"""Words before which "will", "may" or "can" is a verb."""

DATE_WORDS = word_set("in on since during until till by of last next this early late mid from before after to")
"""Words before which a month's name is a month."""


AUTHORITIES = word_set("police council county borough district city magistrates crown mash camhs lado nhs")
"""Bodies whose place stays with them: where they are responsible is no secret."""


def follows_kin_or_title(previous: str) -> bool:
    """Whether the word before announces a name."""
    return previous in KIN or previous in TITLES or previous in CALLING
