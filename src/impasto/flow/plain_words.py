"""What a form says of its options: what each is, when to change it, and why it is as it is."""

from __future__ import annotations

from collections.abc import Mapping

HELPS: Mapping[str, str] = {
    "recipe": "Do what a published work did, setting by setting. Take one to repeat a result; "
    "leave it out to get what works best today.",
    "method": "How borders between the pictures are drawn. The first one is quick and seldom far "
    "from the best; try others on the same pictures and compare them below.",
    "space": "Which vectors to learn from. Several stand side by side and often tell more than "
    "one; when none is ticked, the newest is taken.",
    "folds": "Split the pictures into so many parts, and test each by what the others teach: every "
    "picture is tested once. Good for small collections (5 is usual), slower for large ones. "
    "Empty: one part is kept aside for the test.",
    "test": "Share of the pictures kept aside for the test, never learned from. A fifth is usual; "
    "the collection's own splits come first, where it has some.",
    "seed": "Where chance begins. The same number gives the same result; try others to see how "
    "much of a score is luck.",
    "name": "What the result is called here. A name that is taken is replaced.",
    "only": "Learn only some labels or tags; * stands for anything, as in animals/*. Empty: all.",
    "min_images": "Leave out labels or tags with fewer pictures than this: they can hardly be "
    "learned, and not be tested. Raise it when rare ones spoil the picture.",
    "group_duplicates": "Keep pictures that look almost the same on one side of the test. Leave "
    "it on: otherwise a model is praised for remembering.",
    "read_as": "Tell the number itself, or only whether it is high or low: cut in the middle of "
    "what is learned from. High or low is easier, and is how taste is often measured.",
    "heads.against": "Support vector machines can tell each pair of labels apart (one, the usual "
    "way), or each label from all others (rest, as older works do).",
    "heads.rows": "unit: every vector is brought to the same length first, which is safer. raw: as "
    "the network gave them, which some published works need.",
    "heads.c": "How much a single picture may bend the border. Several values are tried and the "
    "best is taken, on pictures that are not tested. Empty: values that suit the method.",
    "heads.gamma": "How near two pictures must be to count as alike, for curved borders. Several "
    "values are tried. Empty: values that suit the method.",
    "heads.inner_folds": "Parts in which C and gamma are chosen, within what is learned from. 3 "
    "is quick; 5 steadier on few pictures.",
    "heads.flips": "Learn from the mirror image of each picture, too. Helps a little with few "
    "pictures; the vectors must have been made of both sides (flip both).",
    "tagging.keep_bare": "Also learn from pictures that have tags but none of the chosen ones: "
    "they show what a tag is not. Turn it off only to repeat works that left them out.",
    "tagging.aim": "Where to draw the line between yes and no for each tag. f1 balances both kinds "
    "of mistake; precision keeps wrong tags away; recall misses few; fixed takes one number.",
    "tagging.level": "The precision or recall that is wanted, or the fixed line itself.",
    "tagging.calibrate": "Make probabilities honest: of pictures told 70 %, about 70 in 100 should "
    "have the tag. Leave it on, unless you repeat a work that did not.",
    "tagging.loss": "What a mistake costs while learning. plain treats all alike and is hard to "
    "beat; the others make rare tags count more.",
    "tagging.sampler": "Which pictures come together in a step. random is hard to beat; the others "
    "bring rare tags up more often.",
    "tagging.candidates": "Pictures that the next one of a batch is chosen from. More makes "
    "batches more varied, and slower.",
    "tagging.replacement": "Whether a picture may come again: in a later batch, never until all "
    "have come, or at any time.",
    "tagging.steps": "Batches to learn from. More takes longer; stop where scores no longer rise.",
    "tagging.batch": "Pictures of one step. Few make noisy steps, many make slow ones.",
    "tagging.rate": "Size of each step. Too large never settles, too small never arrives.",
    "tagging.optimiser": "How steps are taken. adam suits most; adagrad is what older works used.",
    "tagging.decay": "A pull towards simple answers. 0 is none; raise it when the test is much "
    "worse than the training.",
    "tagging.prior": "Begin with how common each tag is, instead of with half and half. Leave it "
    "on: learning is spared the detour.",
    "tagging.repeat_below": "Tags rarer than this share have their pictures repeated.",
    "tagging.reading": "The weights as the work's text means them, or as its formula is printed.",
    "tagging.smoothing": "How far apart weights may be: one number for all tags (global), one for "
    "each (per-tag), or a number of your own.",
    "tagging.balance": "Scale each tag's weights to 1 on average, so that steps stay as large.",
    "tagging.cap": "How many times as much a rare tag may count, at most.",
    "tagging.power": "How strongly rare tags count more: 0 not at all, 1 fully, 0.5 in between.",
    "tagging.focus": "How little answers count that are nearly right already. 0: as all others.",
    "tagging.focus_present": "The same, for tags that a picture has.",
    "tagging.focus_absent": "The same, for tags that a picture has not.",
    "tagging.margin": "Answers below this count as a plain no, and cost nothing.",
}
"""Of the options that learning on vectors has, by the names that `options` gives them."""

TUNING: Mapping[str, str] = {
    "plan": "Which layers of the network learn how fast, which stay as they are, and which begin "
    "anew. lp-ft is the safest to begin with.",
    "network": "What to begin with. A network that was tuned here can be tuned further.",
    "size": "Side of the pictures in pixels. Half the side is about four times as fast, and sees "
    "fewer details. Empty: what the network was made for.",
    "fit": "Take the middle square of each picture, or squash the whole into a square. Squash "
    "when what matters lies at the edges. Empty: as the network was made.",
    "epochs": "Times that all pictures are gone through, at most. It ends sooner when nothing gets "
    "better. Empty: what the plan says.",
    "batch": "Pictures of one step. Smaller ones take less memory and learn less steadily.",
    "optimiser": "How steps are taken. adamw suits most; sgd is what older works used.",
    "rate": "Size of each step. Ten times more may wreck the network, ten times less learns "
    "little. Change this first when the curves are wild or flat.",
    "momentum": "How much of the last steps goes on in the next; of sgd only.",
    "decay": "A pull of the weights towards 0, which keeps the network simple.",
    "schedule": "How the steps get smaller towards the end: not (constant), smoothly (cosine), or "
    "to a tenth twice (steps).",
    "warm_up": "Epochs over which steps grow from nothing. Helps networks that begin anew.",
    "augment": "Show each picture a little different every time: cut and mirrored (light), or "
    "also stretched and recoloured (strong). none when position or colour is what matters.",
    "smoothing": "How unsure the network is asked to be of its answers; 0.1 helps against wrong "
    "labels. Labels only.",
    "precision": "bf16 is faster on new processors and graphics cards, and hardly less exact.",
    "patience": "Epochs without any gain before it ends. 0: go on to the last.",
    "space": "Vectors by which pictures that look almost the same are found, so that they stay on "
    "one side of the test. Empty: the newest of a network that was not tuned here.",
    "then": "Learn once more on the vectors of the tuned network. linear-svm afterwards is often "
    "better than the network's own answer, and takes seconds.",
}
"""Of what only tuning has, or has otherwise."""

CONCEPTS: Mapping[str, str] = {
    "space": "The vectors in which the tags are looked for; several stand side by side. Empty: the "
    "newest.",
    "min_images": "Leave out tags with fewer pictures; with less than 20 little can be said.",
    "keep_bare": HELPS["tagging.keep_bare"],
    "folds": "Parts of the collection; each is judged by what the others teach, so that no "
    "picture is judged by itself. 5 is usual.",
    "repeats": "Times that all of it is done, with other parts. More takes longer and makes the "
    "intervals surer.",
}
"""Of what looking for noise and learnability have."""

ELSEWHERE: Mapping[str, str] = {
    "model": "The model to judge. Only models of labels and tags can be judged elsewhere.",
    "on": "A collection beside this one, or inside of its folders, with labels or tags and with "
    "vectors of the same network and layer.",
    "names": "What the other collection calls otherwise: its name = the model's name, separated by "
    "commas, as in fall = autumn. Empty: names are the same.",
    "keep_leaks": "Also count pictures that the model learned from, or that look almost the same. "
    "Leave it off: they make any model look good.",
}
"""Of judging a model on another collection."""

TITLES: Mapping[str, str] = {
    "min_images": "Fewest pictures",
    "group_duplicates": "Keep near-duplicates together",
    "read_as": "Told as",
    "test": "Test part",
    "only": "Only these",
    "heads.against": "Against one, or the rest",
    "heads.rows": "Length of the vectors",
    "heads.c": "Values of C",
    "heads.gamma": "Values of gamma",
    "heads.inner_folds": "Parts to choose them in",
    "heads.flips": "Mirror images, too",
    "tagging.keep_bare": "Pictures with other tags only",
    "keep_bare": "Pictures with other tags only",
    "tagging.aim": "Where yes begins",
    "tagging.level": "Wanted level",
    "tagging.calibrate": "Honest probabilities",
    "tagging.prior": "Begin with how common tags are",
    "plan": "Layer plan",
    "size": "Side of the pictures",
    "rate": "Learning rate",
    "tagging.rate": "Learning rate",
    "augment": "Variation",
    "warm_up": "Warm-up",
    "then": "Afterwards",
    "on": "Other collection",
    "names": "Names that differ",
    "keep_leaks": "Count pictures it learned from",
}
"""What options are called, where their own name says too little."""

PLANS: Mapping[str, str] = {
    "probe": "Nothing but a new last layer: seconds, and the row that all tuning has to beat.",
    "lp-ft": "First a new last layer, then all layers gently: take this when you do not know.",
    "surgical-first": "Only the first block and the last layer: for pictures that look unlike "
    "photographs (drawings, scans) but show the same things.",
    "auto-rgn": "All layers, each as fast as its gradient asks: for pictures that differ in some "
    "unknown way, when lp-ft brings little.",
    "layer-decay": "All layers, the early ones slower: with some thousand pictures, when lp-ft "
    "still gets better at its end.",
    "full": "All layers at one speed: with many thousand pictures; with few it forgets what the "
    "network knew.",
    "scratch": "Forget everything and begin anew: only to see what the network's knowledge was "
    "worth.",
    "lagunas2017": "Lower layers and the last ones anew, the others slowly, as Lagunas & Garces "
    "did in 2017: to repeat their work; it takes many pictures.",
}
"""When to use each layer plan."""

METHODS: Mapping[str, str] = {
    "linear-svm": "Straight borders, as wide as possible: quick, good with few pictures.",
    "rbf-svm": "Curved borders: a little better on many pictures, slower.",
    "sigmoid-svm": "Borders bent like an S: to repeat older works.",
    "poly-svm": "Borders bent three times: to repeat older works.",
    "kernel-grid": "Tries four kinds of borders with many settings and takes the best.",
    "logistic": "Straight borders with probabilities that can be trusted.",
    "linear-path": "Straight borders over all values of C, drawn as a curve: to see how much the "
    "choice matters.",
    "forest": "500 trees that vote: needs no choices, often weaker on vectors.",
    "nearest": "The most similar pictures vote: nothing is learned, a fair thing to beat.",
    "mlp": "A small network of its own: for many pictures with borders that are not straight.",
    "steps": "Learns in many small steps, with losses and samplers to choose: for rare and noisy "
    "tags, and to repeat published works.",
    "kernel-ridge": "A smooth curve through all pictures: the usual choice for numbers.",
    "ridge": "A straight line in the vectors: quicker, simpler.",
}
"""When to use each method."""
