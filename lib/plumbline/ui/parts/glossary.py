"""What the measures mean, in plain words: the one table behind every tooltip."""

from __future__ import annotations

from plumbline.monitor.metrics.metrics import METRICS

#: as a page spells it -> one or two sentences for someone who has never met it
TERMS = {
    # how sure
    "95 % interval": "The range in which the true value most likely lies: wrong about one time in twenty.",
    "n": "How many decisions the value rests on.",
    "p (any time)": "How likely so large a difference is by chance alone, however often one looks. From 0.05 down "
    "the versions differ.",
    "Corrected p": "How likely so large a difference is by chance alone, allowing for how many were tested.",
    # drift
    "Drift": "How far the window lies from the reference by the chosen measure; 0 is no difference at all.",
    "95 % limits": "The range in which the true distance most likely lies: wrong about one time in twenty.",
    "Threshold": "From here on a difference is large enough to matter. To count it must also be more than chance.",
    "Importance": "The feature's share of all contributions to the answers: how much the model leans on it.",
    "Correlation with loss": "Whether performance was worse in the chunks in which this feature had drifted more: 1 "
    "always, 0 no link, below 0 the other way round. Two trends can go together by chance; it says where to look.",
    "Missing": "Share of decisions in the window that lack this value.",
    "Missing before": "Share of decisions in the reference that lack this value.",
    "New levels": "Values that the reference never held.",
    "PSI": "How much the shares of the reference's tenths, or levels, moved. From 0.1 watch, from 0.25 breach.",
    "Jensen-Shannon distance": "How different two distributions look as a whole: 0 the same, 1 nothing in common.",
    "Hellinger distance": "Like Jensen-Shannon, and more sensitive to rare values.",
    "Kolmogorov-Smirnov": "The largest gap between the two cumulative curves: 0.1 means that at some value the share "
    "below it differs by ten points.",
    "Wasserstein distance": "How far values moved on average, in standard deviations of the reference.",
    "Chi-square": "A test of level counts. It grows with the sample, so it says whether, not how much.",
    "Cramér's V": "How strongly level and period are linked, 0 to 1, whatever the sample.",
    "Largest change of a level": "The level whose share changed most, and by how much.",
    "Whole-row AUC": "How well a classifier tells the window's rows from the reference's: 0.5 not at all, 1 always. "
    "It sees inputs that stop moving together, which no single feature shows.",
    # what the model uses
    "Order kept": "Whether the features count in the order in which they counted in the reference (NDCG): 1 the same, "
    "below 0.90 another. It does not see weight that moves without changing the order.",
    "Weight moved": "Share of all weight that went from some features to others since the reference.",
    "Size of contributions": "How large contributions are altogether, against the reference: 1 as before.",
    "Mean output moved by": "How much the model's average output changed; the table splits it by feature, exactly.",
    "Weight now": "The feature's share of all contributions in the window.",
    "Weight before": "The same in the reference.",
    "Moved the output by": "How much this feature moved the model's average output. All together: the whole change.",
    "What to do": "Act where an input that the model uses has drifted. Look where a stable input is used differently: "
    "the data feed or the interplay of inputs changed. A drifted input that hardly counts is a note.",
    "Kept": "Explained by a full pass (`plumbline explain --all`), base + sum meeting the logged score.",
    "On demand": "The version's model file reproduces the log, so that any decision can be explained exactly.",
    "Not exactly": "Neither recorded nor reproduced: at best an approximation.",
    # accuracy
    "Reference": "The decisions that count as healthy; everything is held against them.",
    "Outcomes known": "Share of the decisions whose true outcome is known by now.",
    "Chunks in breach": "Days, weeks or months that are worse than the limit by more than chance.",
    "Early warning": "Adds up small daily deviations for the worse. One false alarm in ten years, of independent "
    "days.",
    "Money at stake": "What a decision was worth in the reference, less what it is worth since the change, times the "
    "decisions since.",
    "How": "Realised: from outcomes. Provisional: outcomes still come in. Estimated: from scores or inputs alone.",
    "Expected": "What the segment would be had it changed like all other decisions, or like the rest of the window.",
    "Extra": "How many more wrong decisions (or units of error) the segment has than expected.",
    "Calibration error": "Average distance between what the score promises and what came true.",
    "Chance reaches": "What a perfectly calibrated score shows at this size in 95 of 100 samples.",
    "Score less outcome, on average": "Above zero the score promises more than came true.",
    "Mean gap": "Estimate less realised value, on average. Near zero: past estimates were right.",
    "In the band": "Share of the chunks whose realised value lay inside the estimate's 95 % band. About 95 % is right.",
    "Difference": "Second window less first, with its 95 % interval.",
    # releases
    "Release": "What changed because another version decides: same inputs, other answers.",
    "Inputs": "What changed because the inputs are mixed differently: other inputs, same version.",
    "Who did it": "Whether the new version or the world changed the figure. Unknown where the log cannot tell.",
    "Effective rows": "How many unweighted decisions the reweighted ones are worth. Few: the inputs moved a lot.",
    "Would have been seen": "A true difference of this size would have been noticed four times in five.",
    "Matters from": "The smallest difference that is worth acting on.",
    "Longer to run": "How much longer both versions would have to run, at this traffic, to see what matters.",
    "Split": "Share of the decisions that the newcomer made, and whether that is what was meant. Where it is not, "
    "something sorts decisions into the arms, and the comparison cannot be trusted.",
    "Agreed": "Share of the decisions that both versions made in which they gave the same answer.",
    "Known at": "The earliest moment at which the log proved it.",
    "Before": "The same figure for the version before.",
    "Wrong since": "Decisions of the version, from the moment it could be known, that outcomes show to be wrong.",
    "Guardrail": "A watch over the first decisions of a new version that calls for a rollback when they are "
    "beyond the previous version's, by more than chance and by more than a fifth.",
    # fairness
    "Positive rate": "Share of the group's decisions that were for the positive class.",
    "True positive rate": "Of those who turned out positive, the share that was decided positive.",
    "False positive rate": "Of those who turned out negative, the share that was decided positive.",
    "Precision": "Of those decided positive, the share that turned out positive.",
    "Ratio to the best": "The group's rate over that of the most favoured group. Under 0.8 is the four-fifths line: "
    "a common sign of unequal treatment.",
    "Score less outcome": "The mean score less the share that turned out positive. Above zero the score promises "
    "more than came true for this group.",
    "Override rate": "Of the decisions that a person looked at, the share that was decided otherwise.",
    "Automation rate": "Share of the decisions that took effect without a person's own decision on record.",
    "Right to overrule": "Of the overruled decisions whose outcome is known, the share where the person was right.",
}  # fmt: skip


def help_for(term: str) -> str | None:
    """The tooltip of a measure; None where the word needs none."""
    return TERMS.get(term) or TERMS.get(term.partition(",")[0])


def help_for_metric(metric: str) -> str | None:
    """What a performance metric measures, by its name in the JSON."""
    entry = METRICS.get(metric.partition(":")[0])
    return entry.says if entry else None
