"""Words that every message may have, in four languages: they count less when it is told what a message is about."""

from typing import Final

from folkmoot.kernel import words

# English, German, French, Spanish; case-folded, as `folkmoot.kernel.words` gives them.
SMALL_WORDS: Final = frozenset(
    words(
        "a about after again all also always am an and any anything are as at be because been before being but by"
        " can could did do does doing don't done for from get give go going good got had has have he hello her"
        " here hey hi him his how i i'd i'll i'm i've if in into is isn't it it's its just know let let's like"
        " make many may maybe me might mine more most much must my myself need needs never next no not now of off"
        " ok okay on one only or other our ours out over own please put really right say see shall she should so"
        " some somebody someone something soon still such sure take tell than thank thanks that that's the their"
        " theirs them then there there's these they thing things think this those to too try under until up upon"
        " us use very want was way we we're well were what what's when where which while who who's whom whose why"
        " will with within without won't would yes yet you you're your yours aber alle alles als also am an auch"
        " auf aus bei beim bin bis bist bitte da damit danke dann das dass dein deine dem den denn der des die"
        " dies diese diesem diesen dieser doch du durch ein eine einem einen einer es etwas euch euer eure eurem"
        " euren für gibt habe haben hallo hat hätte ich ihm ihn ihnen ihr ihre ihrem ihren im in ist ja jetzt kann"
        " kannst kein keine können könnt könnte man mein meine meinem meinen mich mir mit möchte möchten muss nach"
        " nicht noch nur ob oder ohne schon sehr sein seine sich sie sind so über um und uns unser unsere unserem"
        " unseren unter vom von vor war was welche welcher welches wenn wer werden wie will wir wird wo wollen"
        " würde würdet zu zum zur à ai as au aux avec avez avons bonjour c'est ça ce ces cet cette comme comment"
        " dans de des du elle en es est et êtes être eu fait faire faut il ils j'ai je la le les leur leurs lui ma"
        " mais me merci mes moi mon même ne non nos notre nous on ont ou où par pas peut peux plus pour pouvez"
        " pouvons qu quand que quel quelle quels qui sa sans se ses si son sont sur ta te tes toi ton tu un une"
        " vos votre voudrais vous y al algo ante como cómo con cual cuál cuando del desde donde dónde el él ella"
        " ellos en entre era eres es esa ese eso esta está están este esto favor gracias ha han hasta hay hola la"
        " las le les lo los más me mi mis muy necesito nos nosotros nuestra nuestro o para pero podemos poder por"
        " porque puede pueden puedes qué que quien quién quiero sea ser si sí sin sobre son su sus también te"
        " tengo tiene tienen tu tus un una unas uno unos usted vosotros y ya yo"
    )
)
