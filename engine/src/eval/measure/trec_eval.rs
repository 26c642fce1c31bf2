//! trec_eval's names for measures of ours, so that people can type what they know.

/// Whole names. Case counts: `rbp` is trec_eval's, with its own persistence, and `RBP` is ir_measures's.
const NAMES: [(&str, &str); 23] = [
    ("map", "AP"),
    ("gm_map", "AP(mean=geometric)"),
    ("GMAP", "AP(mean=geometric)"),
    ("gm_bpref", "bpref(mean=geometric)"),
    ("recip_rank", "RR"),
    ("11pt_avg", "AP(11pt)"),
    ("ndcg", "nDCG"),
    ("set_P", "SetP"),
    ("set_relative_P", "SetP(relative)"),
    ("set_recall", "SetR"),
    ("set_map", "SetAP"),
    ("set_F", "SetF"),
    ("utility", "Utility"),
    ("num_q", "NumQ"),
    ("num_ret", "NumRet"),
    ("num_rel", "NumRel"),
    ("num_rel_ret", "NumRelRet"),
    ("num_nonrel_judged_ret", "NumNonRelRet"),
    ("rbp", "RBP(p=0.9)"),
    ("rbp_resid", "RBPresidual(p=0.9)"),
    ("Rprec", "Rprec"),
    ("bpref", "bpref"),
    ("infAP", "infAP"),
];

/// Names with a parameter behind them, which takes the place of `#`.
const WITH_PARAMETER: [(&str, &str); 12] = [
    ("map_cut_", "AP@#"),
    ("ndcg_cut_", "nDCG@#"),
    ("ndcg_", "nDCG(gains={#})"),
    ("P_", "P@#"),
    ("relative_P_", "P(relative)@#"),
    ("recall_", "R@#"),
    ("success_", "Success@#"),
    ("Rprec_mult_", "Rprec(multiple=#)"),
    ("iprec_at_recall_", "IPrec(nearest)@#"),
    ("set_F_", "SetF(beta=#)"),
    ("rbp_", "RBP(#)"),
    ("unj_", "Unjudged@#"),
];

/// Our spelling of the measure that trec_eval calls `name`, if we have it.
pub(super) fn translated(name: &str) -> Option<String> {
    if let Some((_, ours)) = NAMES.iter().find(|(theirs, _)| *theirs == name) {
        return Some((*ours).to_owned());
    }
    let (parameter, ours) = WITH_PARAMETER.iter().find_map(|(theirs, ours)| {
        let parameter = name.strip_prefix(theirs)?;
        Some((parameter, ours))
    })?;
    // Gains are written `1=3,2=9` there and `1:3,2:9` here.
    let parameter = match ours.contains("gains") {
        true => parameter.replace('=', ":"),
        false => parameter.to_owned(),
    };
    Some(ours.replace('#', &parameter))
}
