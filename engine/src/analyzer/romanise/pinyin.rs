//! Where one syllable of pinyin ends and the next begins.

use std::collections::HashSet;
use std::sync::LazyLock;

/// The syllables of Mandarin without their tones; `v` and `u` are both ways to type `ü`.
const SYLLABLES: &str = "\
    a ai an ang ao ba bai ban bang bao bei ben beng bi bian biao bie bin bing bo bu ca cai can cang cao ce cen ceng \
    cha chai chan chang chao che chen cheng chi chong chou chu chua chuai chuan chuang chui chun chuo ci cong cou cu \
    cuan cui cun cuo da dai dan dang dao de dei den deng di dia dian diao die ding diu dong dou du duan dui dun duo \
    e ei en er fa fan fang fei fen feng fo fou fu ga gai gan gang gao ge gei gen geng gong gou gu gua guai guan \
    guang gui gun guo ha hai han hang hao he hei hen heng hong hou hu hua huai huan huang hui hun huo ji jia jian \
    jiang jiao jie jin jing jiong jiu ju juan jue jun ka kai kan kang kao ke ken keng kong kou ku kua kuai kuan \
    kuang kui kun kuo la lai lan lang lao le lei len leng li lia lian liang liao lie lin ling liu long lou lu luan \
    lue lun luo lv lve ma mai man mang mao me mei men meng mi mian miao mie min ming miu mo mou mu na nai nan nang \
    nao ne nei nen neng ni nian niang niao nie nin ning niu nong nou nu nuan nue nun nuo nv nve o ou pa pai pan pang \
    pao pei pen peng pi pian piao pie pin ping po pou pu qi qia qian qiang qiao qie qin qing qiong qiu qu quan que \
    qun ran rang rao re ren reng ri rong rou ru ruan rui run ruo sa sai san sang sao se sen seng sha shai shan shang \
    shao she shei shen sheng shi shou shu shua shuai shuan shuang shui shun shuo si song sou su suan sui sun suo ta \
    tai tan tang tao te teng ti tian tiao tie ting tong tou tu tuan tui tun tuo wa wai wan wang wei wen weng wo wu \
    xi xia xian xiang xiao xie xin xing xiong xiu xu xuan xue xun ya yan yang yao ye yi yin ying yong you yu yuan \
    yue yun za zai zan zang zao ze zei zen zeng zha zhai zhan zhang zhao zhe zhei zhen zheng zhi zhong zhou zhu zhua \
    zhuai zhuan zhuang zhui zhun zhuo zi zong zou zu zuan zui zun zuo";
const LONGEST: usize = 6;

static KNOWN: LazyLock<HashSet<&'static str>> =
    LazyLock::new(|| SYLLABLES.split_ascii_whitespace().collect());

/// The syllables of `word`, which is lower-case ASCII; `None` where it cannot be cut into syllables.
///
/// Among several cuts, the one whose first syllables are longest: `xian` is one syllable, `zhongguo` two.
pub(super) fn syllables(word: &str) -> Option<impl Iterator<Item = &str>> {
    // lengths[i]: the longest syllable at i after which the rest can be cut too, 0 for none.
    let mut lengths = vec![0; word.len()];
    for start in (0..word.len()).rev() {
        let ends = (start + 1..=word.len().min(start + LONGEST)).rev();
        let fits = |end: &usize| {
            (*end == word.len() || lengths[*end] > 0) && KNOWN.contains(&word[start..*end])
        };
        lengths[start] = ends.clone().find(fits).map_or(0, |end| end - start);
    }
    if lengths.first().is_none_or(|first| *first == 0) {
        return None;
    }
    let mut start = 0;
    Some(std::iter::from_fn(move || {
        let length = *lengths.get(start)?;
        start += length;
        Some(&word[start - length..start])
    }))
}

/// `syllable` as the romaniser of characters spells it: `nu` for `nv`.
pub(super) fn without_umlaut(syllable: &str) -> String {
    syllable.replace('v', "u")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(word: &str, expected: Option<&[&str]>) {
        let found = syllables(word).map(Iterator::collect::<Vec<_>>);
        assert_eq!(found.as_deref(), expected, "{word}");
    }

    #[test]
    fn a_word_is_cut_where_all_of_it_can_be() {
        check("zhongguo", Some(&["zhong", "guo"]));
        check("beijing", Some(&["bei", "jing"]));
        // The longest first syllable, fang, would leave `an`, and so does fan leave `gan`: the former is longer.
        check("fangan", Some(&["fang", "an"]));
        check("tiananmen", Some(&["tian", "an", "men"]));
        check("nver", Some(&["nv", "er"]));
    }

    #[test]
    fn what_is_no_pinyin_is_not_cut() {
        check("clinton", None);
        check("2023", None);
        check("", None);
    }
}
