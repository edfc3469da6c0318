"""The words of the demonstration: names of people and places, all of them made up.

No county, town or firm of these names exists where the demonstration puts them: the
region 3399xx is given to no place in GB/T 2260, phones begin with 154, which is given to
no operator, and landlines with 0500, which is given to no area.
"""

REGION = "3399"
CITY = "岚州市"
COUNTIES = (
    *("青岚县", "白鹭湖县", "枕溪县", "云峤县", "望汀县", "兰渚县", "澄怀县", "金禾县"),
    *(
        "石鼓岭县",
        "赤枫岭县",
        "长汀洲县",
        "花岩县",
        "南屏岭县",
        "朝晖县",
        "丰穗县",
        "听涛县",
    ),
)
# Two characters make the name of a town or village.
PLACE_FIRST = (
    "青柳石桃松竹梅杏枫桂银金玉清白红紫碧翠云霞星月朝阳望临安平福康泰永长新和丰盛古高大"
)
PLACE_SECOND = "溪塘泉湾岭坪坞畈洲渡桥井岩峰林园畴渚陂堰浦涧台墩亭港口源"

SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许邓韩冯曹彭曾肖田董潘袁蔡蒋余"
    "于杜叶程魏苏吕丁任卢姚沈钟姜崔谭陆范汪廖石金韦贾夏付方邹熊白孟秦邱侯江尹薛"
    "闫段雷龙黎史陶贺毛郝顾龚邵万覃武钱戴单解"
)
DOUBLE_SURNAMES = ("欧阳", "诸葛", "上官", "司徒")
# Given names by the years in which they were common: born before 1960, before 1985, later.
GIVEN = {
    "1": (
        "建国 国强 志明 德胜 长根 水生 金福 德才 友根 福生 永福 国华 文德 树林 志远 宝山 "
        "根宝 云生 大发 正明",
        "伟 勇 军 志强 建军 海涛 卫东 国庆 晓东 建华 永强 向阳 立新 春雷 学军 红旗 光明 文斌 "
        "宏伟 利民",
        "浩 宇轩 俊杰 子豪 博文 嘉伟 天宇 晨 鹏飞 泽宇 一鸣 思远 家豪 瑞 文涛 志鹏 明轩 逸凡 "
        "凯 承志",
    ),
    "2": (
        "秀英 桂兰 玉珍 凤英 桂花 淑珍 月娥 彩云 金花 玉兰 爱珍 素芬 秀兰 菊仙 春梅 桃花 惠芳 "
        "阿妹 美娟 荷花",
        "丽 芳 敏 静 燕 红梅 丽华 晓燕 海英 建芬 雪梅 春燕 亚萍 文娟 志红 爱华 利娟 小红 "
        "玉梅 卫红",
        "婷 欣怡 雨涵 梦瑶 佳琪 诗雨 思琪 慧敏 晓雯 梓涵 可欣 雅婷 露 静雯 悦 子涵 雪莹 晨曦 "
        "若溪 佳慧",
    ),
}
# Names written with a dot, as on the ID card of some ethnic groups.
DOTTED = {"1": "艾力·买买提", "2": "阿依古丽·买买提"}

# Code of GB/T 3304 and how many in a thousand.
ETHNIC = {"01": 950, "22": 12, "03": 10, "08": 8, "15": 7, "06": 6, "11": 5, "05": 2}

FIRMS = (
    *(
        "竹艺有限公司",
        "食品有限公司",
        "电子科技有限公司",
        "纺织有限公司",
        "物流有限公司",
    ),
    *(
        "农业发展有限公司",
        "机械制造有限公司",
        "茶业有限公司",
        "建材有限公司",
        "软件有限公司",
    ),
)
SOCIETIES = (
    "义工协会",
    "老年协会",
    "商会",
    "民俗文化研究会",
    "社会工作服务中心",
    "蓝天救援队",
)
STATE_FIRMS = (
    "水务",
    "交通建设",
    "城市投资",
    "供销",
    "粮食储备",
    "公共交通",
    "文化旅游",
    "燃气",
)
STATE_PARTS = (
    "第一水厂",
    "管网公司",
    "工程公司",
    "客户服务中心",
    "机修车间",
    "调度中心",
)
BUREAUS = (
    "农业农村局",
    "教育局",
    "财政局",
    "民政局",
    "卫生健康局",
    "交通运输局",
    "自然资源局",
    "统计局",
)
BUREAU_PARTS = ("办公室", "业务科", "执法大队", "信息中心")
COLLEGES = ("师范学院", "理工学院", "职业技术学院", "农林学院")
DEPARTMENTS = (
    "计算机学院",
    "教育学院",
    "机电学院",
    "外国语学院",
    "经济管理学院",
    "马克思主义学院",
)
INSTITUTIONS = (
    "人民医院",
    "中医院",
    "第一中学",
    "图书馆",
    "疾病预防控制中心",
    "实验小学",
)
INSTITUTION_PARTS = ("内科", "外科", "行政", "后勤", "门诊")
FLOATING_TO = (
    "上海市浦东新区",
    "广东省深圳市南山区",
    "江苏省苏州市工业园区",
    "北京市朝阳区",
)

# Organizational life: what a theme day of each month is about, and what else is held.
THEMES = (
    *("主题党日：学习新年工作部署", "主题党日：走访慰问老党员"),
    *("主题党日：学雷锋志愿服务", "主题党日：义务植树", "主题党日：学习党章党规"),
    *("主题党日：重温入党誓词", "主题党日：庆祝党的生日", "主题党日：安全生产学习"),
    *("主题党日：学习先进典型事迹", "主题党日：参观革命纪念馆"),
    *("主题党日：学习上级会议精神", "主题党日：征求意见、查摆问题"),
)
LECTURES = (
    *("做新时代合格党员", "学习党章、遵守党章", "党的纪律规矩", "基层治理中的党员"),
    *("党史中的初心故事", "乡村振兴与支部建设"),
)
SERVICES = ("环境整治", "敬老助残", "平安巡防", "便民服务")
AGENDA = ("听取支部委员会工作报告", "学习讨论", "表决有关事项")
REASONS = ("防汛值守，改期另行通知", "场地维修", "上级临时会议冲突")
PLACE, ACCESS = "党员活动室", "一楼，无台阶，备有座椅"
PLACES = {
    "village": "村党群服务中心",
    "community": "社区党群服务中心",
    "state_firm": "职工之家会议室",
    "university": "教学楼党员活动室",
    "private_firm": "公司会议室",
    "organ": "机关会议室",
    "retired": "老干部活动中心",
}
