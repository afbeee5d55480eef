"""Names of public bodies: "Kent Police", "Ashford district duty team", "London Borough of Newham".

Which force, council, court or district is responsible is no secret and carries the concern, so the place in its name
stays, even where somebody of the record bears the same name. Only listed places are trusted: a child's name may stand
before "police" in a hurried note.
"""

from __future__ import annotations

from services.redaction.domain.document import Document
from services.redaction.domain.words import word_set

GOVERNED = word_set(
    """kent medway thanet swale gravesham dartford ashford canterbury dover folkestone hythe shepway maidstone
    sevenoaks tonbridge malling tunbridge essex sussex surrey hampshire dorset devon cornwall somerset wiltshire
    gloucestershire avon bristol bath berkshire oxfordshire buckinghamshire bedfordshire hertfordshire
    cambridgeshire norfolk suffolk lincolnshire northamptonshire leicestershire rutland nottinghamshire derbyshire
    staffordshire shropshire herefordshire worcestershire warwickshire cheshire lancashire cumbria cumberland
    westmorland yorkshire humberside durham northumberland northumbria cleveland merseyside teesside tyneside
    wearside midlands mercia wales gwent dyfed powys gwynedd clwyd glamorgan scotland ulster london metropolitan
    birmingham manchester liverpool leeds sheffield bradford newcastle nottingham leicester coventry southampton
    portsmouth plymouth exeter brighton hove oxford cambridge norwich ipswich peterborough luton bedford
    milton keynes reading slough bracknell windsor wokingham swindon gloucester cheltenham worcester hereford
    telford wrekin stoke derby lincoln hull york preston blackpool blackburn bolton bury oldham rochdale salford
    stockport tameside trafford wigan warrington halton knowsley sefton wirral carlisle sunderland gateshead
    middlesbrough hartlepool darlington stockton wakefield kirklees calderdale barnsley doncaster rotherham
    wolverhampton walsall dudley sandwell solihull thurrock southend colchester chelmsford basildon harlow
    cardiff swansea newport wrexham glasgow edinburgh aberdeen dundee belfast torbay poole bournemouth
    croydon bromley bexley greenwich lewisham southwark lambeth wandsworth merton sutton kingston richmond hounslow
    hillingdon ealing brent harrow barnet enfield haringey camden islington hackney newham redbridge havering barking
    dagenham hamlets westminster kensington chelsea hammersmith fulham eastbourne hastings rother wealden lewes adur
    worthing arun chichester horsham crawley guildford woking elmbridge spelthorne runnymede tandridge waverley"""
)
"""Counties, districts, boroughs, cities and the words of police areas: places that name a public body."""

COMPASS = word_set("north south east west northern southern eastern western central mid greater upper lower")
LINKS = word_set("and upon on of with in the")
"""Words inside such a name: "Kensington and Chelsea", "Stoke on Trent"."""

BODY = word_set(
    """police constabulary council mash lado camhs nelft yot yos icb mappa marac lscb lscp magistrates magistrates'
    coroner coroner's authority"""
)
"""Words that make the place before them a public body's."""

PAIRS = frozenset(
    {
        ("county", "council"), ("borough", "council"), ("city", "council"), ("district", "council"),
        ("county", "court"), ("family", "court"), ("crown", "court"), ("youth", "court"), ("youth", "justice"),
        ("children's", "services"), ("childrens", "services"), ("children's", "social"), ("childrens", "social"),
        ("social", "services"), ("social", "care"), ("social", "work"), ("early", "help"), ("adult", "services"),
        ("front", "door"), ("fire", "and"), ("fire", "service"), ("ambulance", "service"), ("local", "authority"),
        ("safeguarding", "partnership"), ("safeguarding", "children"), ("duty", "team"), ("duty", "desk"),
        ("housing", "options"), ("housing", "team"), ("probation", "service"), ("nhs", "trust"),
    }
)  # fmt: skip
"""The same, of two words."""

AREA = word_set("district borough county")
"""Words that make a place an area of administration where they follow it: "Dover district"."""

AREA_OF = word_set("borough county district council constabulary")
"""The same before "of": "London Borough of Newham"."""

SOFT = word_set("early social front duty housing safeguarding family youth adult children's childrens")
"""First words of such pairs that may also follow a child's name: "Chelsea early help"."""

FORENAMES = word_set("chelsea devon brent lincoln preston camden kingston milton dudley windsor york derby brighton")
"""Places of the list that children are called after; they need a harder noun than those."""

MAX_WORDS = 4
"""Words of the longest name that is followed back from its noun: "Kensington and Chelsea Borough"."""


HEADS = BODY | AREA | {first for first, _ in PAIRS} | {"of"}
"""Words at which such a name is looked for."""


def bodies(document: Document) -> frozenset[int]:
    """Tokens of the places in the names of public bodies."""
    answer: set[int] = set()
    lowers = document.lowers
    for i in [i for i, lower in enumerate(lowers) if lower in HEADS]:
        if lowers[i] == "of" and i and document.lowers[i - 1] in AREA_OF:
            answer.update(_after(document, i + 1))
        elif i and _is_body(document, i):
            answer.update(_before(document, i))
    return frozenset(answer)


def _is_body(document: Document, i: int) -> bool:
    """Whether a public body's noun stands at `i`, with nothing but a blank before it."""
    lower = document.lowers[i]
    if document.gaps[i] != " ":
        return False
    if lower in BODY or lower in AREA:
        return True
    after = document.lowers[i + 1] if i + 1 < len(document.lowers) else ""
    return (lower, after) in PAIRS and not (lower in SOFT and document.lowers[i - 1] in FORENAMES)


def _before(document: Document, i: int) -> range:
    """The tokens of the name before a body's noun at `i`; none where no listed place is among them."""
    lowers = document.lowers
    first = i
    while first and i - first < MAX_WORDS and (first == i or document.gaps[first] == " "):
        before = lowers[first - 1]
        if before not in GOVERNED and before not in COMPASS and before not in LINKS:
            break
        first -= 1
    while first < i and lowers[first] in LINKS:
        first += 1
    return range(first, i) if any(lowers[at] in GOVERNED for at in range(first, i)) else range(0)


def _after(document: Document, i: int) -> range:
    """The tokens of the name after "borough of"."""
    last = i
    while last < len(document.lowers) and last - i < MAX_WORDS and document.lowers[last] in GOVERNED | LINKS:
        last += 1
    while last > i and document.lowers[last - 1] in LINKS:
        last -= 1
    return range(i, last)
