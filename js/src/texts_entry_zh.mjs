// 打开编辑器之前页面上的文字。
export default {
    edit_path: "编辑路径",
    direct: "导演",
    edit_cloud: "编辑点云",
    direct_previews_setting: "导演时的潜空间预览",
    direct_previews_title: "生成片段时显示正在采样的画面，服务器默认不显示时也显示。",
    report_open: "显示完整报告",
    report_close: "关闭",
};
