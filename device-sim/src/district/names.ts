import type { Random } from "../random.ts";
import type { RoadClass } from "./plan.ts";

export interface PlaceName {
  zh: string;
  en: string;
}

const WORDS =
  "人民 Renmin|光明 Guangming|文化 Wenhua|胜利 Shengli|团结 Tuanjie|前进 Qianjin|幸福 Xingfu|平安 Ping'an|民主 Minzhu|民生 Minsheng|" +
  "民权 Minquan|新华 Xinhua|朝阳 Chaoyang|东风 Dongfeng|红旗 Hongqi|长春 Changchun|永安 Yong'an|永清 Yongqing|大智 Dazhi|汉正 Hanzheng|" +
  "桃源 Taoyuan|梅园 Meiyuan|竹林 Zhulin|柳林 Liulin|松涛 Songtao|桂花 Guihua|荷塘 Hetang|芳草 Fangcao|月湖 Yuehu|龙阳 Longyang|" +
  "凤凰 Fenghuang|金桥 Jinqiao|银湖 Yinhu|玉带 Yudai|翠微 Cuiwei|紫阳 Ziyang|彭刘 Pengliu|首义 Shouyi|昙华 Tanhua|花园 Huayuan|" +
  "学府 Xuefu|书院 Shuyuan|科技 Keji|创新 Chuangxin|工农 Gongnong|车站 Chezhan|码头 Matou|渔光 Yuguang|龙王 Longwang|武圣 Wusheng|" +
  "崇仁 Chongren|利济 Liji|长堤 Changdi|六渡 Liudu|江汉 Jianghan|航空 Hangkong|台北 Taibei|香港 Xianggang|高雄 Gaoxiong|澳门 Aomen|" +
  "黄浦 Huangpu|吉庆 Jiqing|铁机 Tieji|余家 Yujia|徐东 Xudong|岳家 Yuejia|沙湖 Shahu|水果 Shuiguo|东亭 Dongting|姚家 Yaojia|" +
  "白沙 Baisha|武泰 Wutai|晒湖 Shaihu|静安 Jing'an|石牌 Shipai|丁字 Dingzi|卓刀 Zhuodao|马家 Majia|虎泉 Huquan|鲁巷 Luxiang";

const FIRST =
  "新 Xin|永 Yong|长 Chang|大 Da|金 Jin|玉 Yu|清 Qing|明 Ming|安 An|福 Fu|德 De|仁 Ren|义 Yi|和 He|泰 Tai|兴 Xing|宏 Hong|华 Hua|" +
  "锦 Jin|秀 Xiu|云 Yun|天 Tian|青 Qing|白 Bai|丹 Dan|翠 Cui|晴 Qing|百 Bai|万 Wan|双 Shuang|古 Gu|石 Shi|" +
  "春 Chun|夏 Xia|东 Dong|西 Xi|南 Nan|北 Bei|星 Xing|月 Yue|松 Song|竹 Zhu|梅 Mei|兰 Lan|凤 Feng|龙 Long|鹤 He|荷 He|桂 Gui|柏 Bai|高 Gao|太 Tai|景 Jing|文 Wen|武 Wu|学 Xue";
const SECOND =
  "昌 chang|宁 ning|康 kang|乐 le|平 ping|林 lin|泉 quan|溪 xi|湖 hu|江 jiang|山 shan|岭 ling|园 yuan|堤 di|桥 qiao|井 jing|塘 tang|" +
  "湾 wan|门 men|城 cheng|阳 yang|春 chun|庆 qing|荣 rong|祥 xiang|瑞 rui|盛 sheng|源 yuan|河 he|洲 zhou|台 tai|亭 ting|" +
  "津 jin|沙 sha|港 gang|坪 ping|坡 po|岗 gang|洪 hong|浦 pu|渡 du|阁 ge|苑 yuan|圃 pu|营 ying|楼 lou|庄 zhuang|寨 zhai|铺 pu|滨 bin|原 yuan";

function parse(list: string): PlaceName[] {
  return list.split("|").map((entry) => {
    const space = entry.indexOf(" ");
    return { zh: entry.slice(0, space), en: entry.slice(space + 1) };
  });
}

/** Two-syllable words, each handed out once: the common ones first, then combinations. */
export function createNames(random: Random): () => PlaceName {
  const seen = new Set<string>();
  const pool = shuffle(parse(WORDS), random);
  const more: PlaceName[] = [];
  for (const a of parse(FIRST))
    for (const b of parse(SECOND)) more.push({ zh: a.zh + b.zh, en: joinPinyin(a.en, b.en) });
  pool.push(...shuffle(more, random));
  let index = 0;
  let round = 0;
  return () => {
    for (;;) {
      if (index === pool.length) {
        index = 0;
        round++;
      }
      const base = pool[index++]!;
      const name =
        round === 0 ? base : { zh: base.zh + ORDINALS[round % 10]!.zh, en: `${base.en} ${ORDINALS[round % 10]!.en}` };
      if (seen.has(name.zh)) continue;
      seen.add(name.zh);
      return name;
    }
  };
}

const ORDINALS = parse("零 0th|一 1st|二 2nd|三 3rd|四 4th|五 5th|六 6th|七 7th|八 8th|九 9th");

/** Pinyin needs an apostrophe before a syllable that begins with a vowel. */
function joinPinyin(a: string, b: string): string {
  return /^[aeo]/.test(b) ? `${a}'${b}` : a + b;
}

export function shuffle<T>(items: T[], random: Random): T[] {
  for (let i = items.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [items[i], items[j]] = [items[j]!, items[i]!];
  }
  return items;
}

const SUFFIXES: Record<RoadClass, readonly PlaceName[]> = {
  trunk: [{ zh: "大道", en: "Avenue" }],
  primary: [{ zh: "大道", en: "Avenue" }],
  secondary: [
    { zh: "大道", en: "Avenue" },
    { zh: "路", en: "Road" },
  ],
  tertiary: [{ zh: "路", en: "Road" }],
  residential: [
    { zh: "街", en: "Street" },
    { zh: "路", en: "Road" },
    { zh: "横街", en: "Cross Street" },
  ],
  living_street: [
    { zh: "巷", en: "Alley" },
    { zh: "里", en: "Lane" },
  ],
  service: [],
  footway: [],
};

/** `人民` + tertiary → `人民路`, `Renmin Road`; absent for ways that carry no name board. */
export function nameStreet(roadClass: RoadClass, next: () => PlaceName, random: Random): PlaceName | undefined {
  const suffixes = SUFFIXES[roadClass];
  if (suffixes.length === 0) return undefined;
  const base = next();
  const suffix = suffixes[Math.floor(random() * suffixes.length)]!;
  return { zh: base.zh + suffix.zh, en: `${base.en} ${suffix.en}` };
}
