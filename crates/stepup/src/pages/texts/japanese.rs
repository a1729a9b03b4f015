//! Japanese.

use super::{Texts, text};

pub(super) const TEXTS: Texts = Texts {
    gone_heading: text("このページは終了しました"),
    gone_text: text(
        "手続きはすでに完了したか、時間切れになりました。失われたものはありません。前の画面に戻って、もう一度お試しください。",
    ),
    other_user_heading: text("別のユーザーの手続きです"),
    other_user_text: text(
        "このブラウザーで別のユーザーが始めた手続きか、その後ログアウトされています。何も送信されていません。前の画面に戻って、もう一度お試しください。",
    ),
    form_lost_heading: text("フォームをもう一度送信してください"),
    form_lost_text: text(
        "本人確認は完了しています。フォームはすでに一度送信されたか、ブラウザーに残っていないため、再送信は行っていません。",
    ),
    resume_heading: text("本人確認が完了しました"),
    resume_text: text("入力済みのフォームを送信します。"),
    resume_button: text("続ける"),
    to_the_start: text("トップページへ"),
    back_to_the_page: text("元のページへ戻る"),
};
