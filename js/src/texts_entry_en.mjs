// Texts of what is in the page before an editor is opened.
export default {
    edit_path: "Edit path",
    direct: "Direct",
    edit_cloud: "Edit cloud",
    direct_previews_setting: "Latent previews while directing",
    direct_previews_title: "Show what is being sampled while a clip is made, also where the server shows none by default.",
    report_open: "Show the whole report",
    report_close: "Close",
};
