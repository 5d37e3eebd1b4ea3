"""Words that say how somebody writes and nothing of what about, left out where the subject alone counts.

Without this, long careful prose looks like the long careful prose of anybody. English only: in other languages rarity
has to do.
"""

from folkmoot.kernel import words

SMALL_WORDS: frozenset[str] = frozenset(
    words(
        "a about above after again against all almost along already also although always am among an and another any"
        " anybody anyone anything are around as ask at away back be became because become been before behind being"
        " below beside between both but by came can cannot could did do does doing done down during each either else"
        " enough even ever every everybody everyone everything few first for from further get gets give given go goes"
        " going gone good got had has have having he hence her here hers herself him himself his how however i if in"
        " indeed instead into is it its itself just keep keeps kept know last later least less let like made make"
        " makes many may maybe me might mine more most much must my myself near need needs neither never new next no"
        " nobody none nor not nothing now of off often on once one only onto or other others ought our ours ourselves"
        " out over own per perhaps put quite rather really same say says seem seems shall she should since so some"
        " somebody someone something sometimes soon still such take than that the their theirs them themselves then"
        " there therefore these they thing things this those though through thus till to together too toward towards"
        " two under until up upon us use used very via want was way we well went were what whatever when where whether"
        " which while who whole whom whose why will with within without would yes yet you your yours yourself"
        " i'm i've i'll i'd don't doesn't didn't isn't aren't wasn't weren't can't couldn't won't wouldn't it's that's"
        " there's we're we've we'll you're you've they're he's she's let's what's"
    )
)
