"""Traditional and variant characters, as some input methods write them: 送溫暖 says 送温暖.

Only words that a list knows are compared under this table; names and free texts stay as they were typed.
"""

from __future__ import annotations

_TRADITIONAL = (
    "與專業個臨舉習書爭產價優會傳體後參發號啟員單協廠歷圍國圖場臺備復頭獎媽嬰學實對導層屬崗師帶幫廣庫應張彈徵戶總護報撫擔據擴"
    "數無時舊曉術機權極標樣檢歡歲殘畢氣漢滙匯決況準涼淨減溝滅溫灣滿災點愛爺牽狀獨獲現療監蓋節確碼禮離種稱積穩競筆籤簽簡籌類糾"
    "約紅紀級線組終經結絡給絕統網編緊練縣織職聯聽藝藥範榮華補觀覽覺觸訂計認訓議講證評識話詢課調談誼請讀貧貨質費資賽購贈賬趕躍"
    "車輔輪輸達遷過運還進遠適選遺郵鄉醫釀醜採裡鄰鎮鐘錢錄鍊鐵長門問間關隊階際難雙雜電領題額風項須預顯養餘館騎驗驚齊齡龍萬億圓"
    "佔於來兩冊劇辦務動勵勞勝區劃劑創別製剛婦託擊換揮損搶攜條樓檔檯殺毀滾濟濕煉熱燈營爾嚴異視訪設許詳誤說諮輩農連遲鬥黨黃團隨"
    "飲飯駐髮週衛銜績規貢贊獻絲幹乾儀註"
)
_SIMPLIFIED = (
    "与专业个临举习书争产价优会传体后参发号启员单协厂历围国图场台备复头奖妈婴学实对导层属岗师带帮广库应张弹征户总护报抚担据扩"
    "数无时旧晓术机权极标样检欢岁残毕气汉汇汇决况准凉净减沟灭温湾满灾点爱爷牵状独获现疗监盖节确码礼离种称积稳竞笔签签简筹类纠"
    "约红纪级线组终经结络给绝统网编紧练县织职联听艺药范荣华补观览觉触订计认训议讲证评识话询课调谈谊请读贫货质费资赛购赠账赶跃"
    "车辅轮输达迁过运还进远适选遗邮乡医酿丑采里邻镇钟钱录炼铁长门问间关队阶际难双杂电领题额风项须预显养余馆骑验惊齐龄龙万亿圆"
    "占于来两册剧办务动励劳胜区划剂创别制刚妇托击换挥损抢携条楼档台杀毁滚济湿炼热灯营尔严异视访设许详误说咨辈农连迟斗党黄团随"
    "饮饭驻发周卫衔绩规贡赞献丝干干仪注"
)
_TABLE = str.maketrans(_TRADITIONAL, _SIMPLIFIED)

ZEROS = str.maketrans("〇○◯", "000")
"""The round signs that people type for a nought within a code; the letter O is left alone, as it may be meant."""


def simplified(text: str) -> str:
    """A text in the characters of the mainland, for comparing it with a list of words."""
    return text.translate(_TABLE)
