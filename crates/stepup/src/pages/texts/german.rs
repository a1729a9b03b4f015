//! German.

use super::{Texts, text};

pub(super) const TEXTS: Texts = Texts {
    guard_failed_heading: text("Im Moment geht es nicht weiter"),
    guard_failed_text: text(
        "Der Dienst, der bestätigt, wer Sie sind, antwortet nicht. Es wurde nichts ausgeführt. Bitte versuchen Sie es gleich noch einmal.",
    ),
    guard_refused_heading: text("Das ist Ihnen nicht erlaubt"),
    guard_refused_text: text(
        "Der Dienst, der bestätigt, wer Sie sind, hat es nicht zugelassen, und ein neuer Versuch ändert daran vorerst nichts. Es wurde nichts ausgeführt. Wenn es Ihnen erlaubt sein sollte, sagen Sie es denen, die diese Seite betreiben.",
    ),
    guard_not_kept_heading: text("Bestätigen Sie zuerst, dass Sie es sind"),
    guard_not_kept_text: text(
        "Dafür müssen Sie noch einmal bestätigen, dass Sie es sind, und was Sie gesendet haben, ist zu groß oder von einer Art, die wir solange nicht aufheben können. Es wurde nichts ausgeführt. Bestätigen Sie zuerst, und senden Sie es dann noch einmal.",
    ),
    guard_no_room_text: text(
        "Dafür müssen Sie noch einmal bestätigen, dass Sie es sind, und neben den anderen Cookies dieser Website hat Ihr Browser keinen Platz, um solange aufzuheben, was Sie gesendet haben. Es wurde nichts ausgeführt. Bestätigen Sie zuerst, und senden Sie es dann noch einmal.",
    ),
    guard_no_room_factor_text: text(
        "Dafür müssen Sie auf eine bestimmte Art bestätigen, dass Sie es sind, und neben den anderen Cookies dieser Website hat Ihr Browser keinen Platz für die Seite, die danach fragt. Es wurde nichts ausgeführt. Melden Sie sich ab und wieder an, und versuchen Sie es dann noch einmal; hilft das nicht, sagen Sie es denen, die diese Seite betreiben.",
    ),
    guard_not_kept_way_on: text("Bestätigen, dass Sie es sind"),
    guard_logged_out_heading: text("Sie sind nicht mehr angemeldet"),
    guard_logged_out_text: text(
        "Was Sie gesendet haben, wurde nicht aufgehoben, und es wurde nichts ausgeführt. Melden Sie sich an, und senden Sie es dann noch einmal.",
    ),
    guard_logged_out_way_on: text("Anmelden"),
    guard_unmet_heading: text("Dafür braucht es eine andere Bestätigung"),
    guard_unmet_text: text(
        "Sie haben bestätigt, dass Sie es sind, aber nicht auf die Art, die diese Seite verlangt, oder es ist zu lange her. Es wurde nichts ausgeführt. Geschieht es noch einmal, sagen Sie es denen, die diese Seite betreiben.",
    ),
    needed_ways: text("Diese Seite verlangt: {ways}."),
    or: text(" oder "),
    other_login_heading: text("Sie haben sich mit einem anderen Konto angemeldet"),
    other_login_text: text(
        "Sie sollten bestätigen, dass Sie es sind, und haben sich mit einem anderen Konto angemeldet. Es wurde nichts geändert. Versuchen Sie es noch einmal mit dem Konto, mit dem Sie hier arbeiten, oder melden Sie sich zuerst ab.",
    ),
    login_lost_heading: text("Diese Anmeldung ist nicht mehr offen"),
    login_lost_text: text(
        "Sie hat zu lange gedauert, wurde schon abgeschlossen oder in einem anderen Fenster begonnen, oder Ihr Browser blockiert die Cookies dieser Website oder hat sie gelöscht. Nichts ist verloren: Erlauben Sie die Cookies, falls sie blockiert sind, und melden Sie sich noch einmal an.",
    ),
    login_refused_heading: text("Sie sind nicht angemeldet"),
    login_refused_text: text(
        "Die Anmeldung wurde abgebrochen oder nicht erlaubt. Sie können es noch einmal versuchen.",
    ),
    login_second_factor_heading: text("Für diese Anmeldung fehlt noch ein Schritt"),
    login_second_factor_text: text(
        "Sie müssen zusätzlich bestätigen, dass Sie es sind, und danach kann diese Website hier nicht fragen. Es wurde nichts geändert. Melden Sie sich zuerst ab und dann wieder an; hilft das nicht, sagen Sie es denen, die diese Website betreiben.",
    ),
    log_out: text("Abmelden"),
    login_broken_heading: text("Die Anmeldung hat nicht geklappt"),
    login_broken_text: text(
        "Bei uns ist etwas schiefgegangen. Versuchen Sie es noch einmal, und wenn es wieder geschieht, in einigen Minuten.",
    ),
    too_large_heading: text("Diese Website müsste zu viel für Sie aufheben"),
    too_large_text: text(
        "Sie müsste mehr für Sie aufheben, als Ihr Browser mit jeder Anfrage senden darf; darum wurde nichts Neues aufgehoben. Löschen Sie in Ihrem Browser die Cookies dieser Website, beginnen Sie noch einmal, und sagen Sie es denen, die diese Website betreiben.",
    ),
    logged_in_already: text("Sie sind schon angemeldet: weiter"),
    come_again_heading: text("Einen Moment"),
    popup_done_heading: text("Fertig"),
    popup_done_text: text("Sie können dieses Fenster schließen."),
    popup_failed_heading: text("Das hat nicht geklappt"),
    popup_failed_text: text("Schließen Sie dieses Fenster und versuchen Sie es noch einmal."),
    close: text("Schließen"),
    gone_heading: text("Diese Seite ist nicht mehr offen"),
    gone_text: text(
        "Sie wurde schon abgeschlossen oder abgebrochen, es hat zu lange gedauert, mehrere andere wurden nach ihr begonnen, oder Ihr Browser blockiert die Cookies dieser Website oder hat sie gelöscht. Was nicht abgeschlossen wurde, ist nicht geschehen: Gehen Sie zurück und beginnen Sie noch einmal.",
    ),
    logged_out_text: text(
        "Nichts ist verloren, und es wurde nichts gesendet. Melden Sie sich wieder an und machen Sie weiter, wo Sie waren.",
    ),
    other_user_heading: text("Das gehört jemand anderem"),
    other_user_text: text(
        "Jemand anderes hat das in Ihrem Browser begonnen. Es wurde nichts gesendet. Gehen Sie zurück und beginnen Sie noch einmal.",
    ),
    form_lost_heading: text("Bitte senden Sie Ihr Formular noch einmal"),
    form_lost_text: text(
        "Sie haben bestätigt, dass Sie es sind. Ihr Formular wurde einmal gesendet, oder Ihr Browser hat es nicht mehr; ein zweites Mal wurde nichts gesendet.",
    ),
    foreign_heading: text("Das kam nicht von hier"),
    foreign_text: text(
        "Es kam ein Formular an, das keine Seite dieser Website gesendet hat; darum ist nichts geschehen. Wenn Sie es waren, öffnen Sie die Seite noch einmal und senden Sie das Formular von dort.",
    ),
    unavailable_heading: text("Das geht im Moment nicht"),
    unavailable_text: text(
        "Unser Anmeldedienst antwortet nicht. Nichts ist verloren: Versuchen Sie es gleich noch einmal.",
    ),
    wait_heading: text("Bitte warten Sie einen Moment"),
    wait_text: text(
        "In kurzer Zeit wurde zu viel angefragt. Warten Sie einige Minuten und versuchen Sie es dann noch einmal.",
    ),
    complete_heading: text("Dieser Schritt ist schon erledigt"),
    complete_text: text(
        "Ihre Bestätigung ist angekommen, und dieses Formular kam noch einmal. Es wurde nichts doppelt ausgeführt. Gehen Sie zurück zur Seite und machen Sie dort weiter.",
    ),
    expired_heading: text("Das hat zu lange gedauert"),
    expired_text: text(
        "Zu Ihrer Sicherheit ist das nur einige Minuten offen. Nichts ist verloren: Beginnen Sie noch einmal.",
    ),
    nothing_heading: text("Hier können wir Sie nicht fragen"),
    nothing_text: text(
        "Dafür braucht es einen zweiten Schritt, den Sie nicht eingerichtet haben oder den diese Website nicht abfragen kann. Wenden Sie sich an die Betreiber dieser Website.",
    ),
    try_again: text("Noch einmal versuchen"),
    begin_again: text("Noch einmal beginnen"),
    resume_heading: text("Danke, Sie sind es"),
    resume_text: text("Wir senden jetzt das Formular weiter, das Sie ausgefüllt hatten."),
    resume_unproved_heading: text("Ihr Formular geht weiter"),
    resume_unproved_text: text(
        "Wir senden jetzt das Formular weiter, das Sie ausgefüllt hatten. Vielleicht müssen Sie noch einmal bestätigen, dass Sie es sind.",
    ),
    go_on: text("Weiter"),
    cancel: text("Abbrechen"),
    another_way: text("Einen anderen Weg nehmen"),
    to_the_start: text("Zur Startseite"),
    back_to_the_page: text("Zurück zur Seite"),
    choose_heading: text("Bestätigen Sie, dass Sie es sind"),
    choose_lead: text("Dafür braucht es einen zweiten Schritt. Wählen Sie, wie Sie ihn machen möchten."),
    app_name: text("Authenticator-App"),
    app_hint: text("Den Code eingeben, den sie zeigt"),
    sms_name: text("SMS"),
    sms_hint: text("Wir senden einen Code an {to}"),
    voice_name: text("Anruf"),
    voice_hint: text("Wir rufen {to} an und lesen einen Code vor"),
    email_name: text("E-Mail"),
    email_hint: text("Wir senden einen Code an {to}"),
    push_name: text("Push-Mitteilung"),
    push_hint: text("Auf {to} „Erlauben“ antippen"),
    recovery_name: text("Wiederherstellungscode"),
    recovery_hint: text("Der Code, den Sie für Notfälle aufbewahrt haben"),
    your_phone: text("Ihr Telefon"),
    your_device: text("Ihrem Telefon"),
    to_your_device: text("Ihr Telefon"),
    your_address: text("Ihre Adresse"),
    factors_heading: text("Einen zweiten Schritt einrichten"),
    factors_lead: text(
        "Ein Passwort allein kann erraten oder gestohlen werden. Wählen Sie, wie Sie künftig zeigen, dass Sie es sind.",
    ),
    new_app_hint: text("Codes aus einer App auf Ihrem Telefon, auch ohne Netz"),
    phone_name: text("Telefon"),
    new_phone_hint: text("Ein Code per SMS oder Anruf"),
    new_email_hint: text("Ein Code per E-Mail"),
    new_push_hint: text("Ein Fingertipp in der App Auth0 Guardian"),
    phone_heading: text("Ihr Telefon hinzufügen"),
    phone_lead: text(
        "Wir senden jetzt einen 6-stelligen Code dorthin, und immer dann, wenn wir sicher sein müssen, dass Sie es sind.",
    ),
    phone_label: text("Telefonnummer"),
    phone_hint: text("Mit der Vorwahl Ihres Landes, zum Beispiel +49 30 901820"),
    channel_legend: text("Wie möchten Sie den Code bekommen?"),
    email_heading: text("Ihre E-Mail-Adresse hinzufügen"),
    email_lead: text(
        "Wir senden jetzt einen 6-stelligen Code dorthin, und immer dann, wenn wir sicher sein müssen, dass Sie es sind.",
    ),
    email_label: text("E-Mail-Adresse"),
    code_heading: text("Geben Sie Ihren Code ein"),
    code_app_lead: text(
        "Öffnen Sie Ihre Authenticator-App und geben Sie den Code ein, den sie für {application} zeigt.",
    ),
    code_sms_lead: text("Wir haben einen 6-stelligen Code an {to} gesendet. Er gilt 5 Minuten."),
    code_voice_lead: text("Wir rufen {to} an und lesen einen 6-stelligen Code vor. Er gilt 5 Minuten."),
    code_email_lead: text(
        "Wir haben einen 6-stelligen Code an {to} gesendet. Er gilt 5 Minuten. Sehen Sie auch im Spam nach.",
    ),
    code_label: text("6-stelliger Code"),
    resend_question: text("Nichts angekommen?"),
    resend: text("Noch einmal senden"),
    resend_wait: text("in {seconds} s"),
    new_app_heading: text("Richten Sie Ihre Authenticator-App ein"),
    new_app_scan: text("Öffnen Sie Ihre Authenticator-App, fügen Sie ein Konto hinzu und scannen Sie dies:"),
    qr_label: text("QR-Code für Ihr Telefon"),
    key_hint: text("Scannen geht nicht? Geben Sie stattdessen diesen Schlüssel ein:"),
    copy: text("Kopieren"),
    copied: text("Kopiert"),
    same_phone: text("Schon am Telefon?"),
    open_app: text("App öffnen"),
    new_app_enter: text("Geben Sie den Code ein, den die App jetzt zeigt."),
    push_heading: text("Sehen Sie auf Ihr Telefon"),
    push_lead: text(
        "Wir haben eine Mitteilung an {to} gesendet. Lesen Sie, was darin steht, und tippen Sie auf „Erlauben“, wenn Sie es waren.",
    ),
    push_waiting: text("Warten auf Ihre Antwort"),
    push_denied: text(
        "Sie haben es auf Ihrem Telefon nicht erlaubt. War das ein Versehen, senden Sie es noch einmal. Haben Sie nichts angefordert, kennt jemand Ihr Passwort: Ändern Sie es.",
    ),
    push_expired: text("Die Mitteilung wurde nicht rechtzeitig beantwortet."),
    new_push_heading: text("Richten Sie Push-Mitteilungen ein"),
    new_push_scan: text(
        "Öffnen Sie auf Ihrem Telefon die App Auth0 Guardian, fügen Sie ein Konto hinzu und scannen Sie dies:",
    ),
    new_push_waiting: text("Warten auf Ihr Telefon"),
    recovery_heading: text("Ihr Wiederherstellungscode"),
    recovery_lead: text(
        "Geben Sie den Code ein, den Sie beim Einrichten aufbewahrt haben. Er gilt einmal: Sie bekommen gleich danach einen neuen.",
    ),
    recovery_label: text("Wiederherstellungscode"),
    keep_heading: text("Bewahren Sie Ihren Wiederherstellungscode auf"),
    keep_lead: text(
        "Wenn Sie Ihr Telefon verlieren, kommen Sie mit diesem Code hinein. Er wird nur dieses eine Mal gezeigt: Schreiben Sie ihn auf, drucken Sie ihn oder laden Sie ihn herunter, und bewahren Sie ihn auf, wo nur Sie ihn finden.",
    ),
    print: text("Drucken"),
    download: text("Herunterladen"),
    keep_tick: text("Ich habe ihn aufbewahrt"),
    problem_not_kept: text(
        "Setzen Sie zuerst das Häkchen, dass Sie den Code aufbewahrt haben: Er wird nicht noch einmal gezeigt.",
    ),
    problem_missing_code: text("Geben Sie den Code ein."),
    problem_malformed_code: text("Ein Code hat 6 Ziffern. Prüfen Sie ihn und geben Sie ihn noch einmal ein."),
    problem_wrong_code: text(
        "Dieser Code stimmt nicht. Sehen Sie in der neuesten Nachricht nach und geben Sie deren Code ein.",
    ),
    problem_wrong_app_code: text(
        "Dieser Code stimmt nicht. Er wechselt alle 30 Sekunden: Geben Sie den ein, den Ihre App jetzt zeigt.",
    ),
    problem_wrong_recovery_code: text(
        "Dieser Wiederherstellungscode stimmt nicht. Prüfen Sie jedes Zeichen und geben Sie ihn noch einmal ein.",
    ),
    problem_locked_out: text(
        "Zu viele falsche Codes. Zu Ihrer Sicherheit wird jetzt kein Code angenommen, auch kein richtiger. Warten Sie {minutes} Min. und versuchen Sie es dann noch einmal.",
    ),
    problem_locked_out_for_some_time: text(
        "Zu viele falsche Codes. Zu Ihrer Sicherheit wird einige Minuten lang kein Code angenommen, auch kein richtiger. Warten Sie und versuchen Sie es dann noch einmal.",
    ),
    problem_busy: text(
        "Unser Anmeldedienst ist gerade überlastet. Nichts ist verloren: Warten Sie {minutes} Min. und versuchen Sie es dann noch einmal.",
    ),
    problem_busy_for_some_time: text(
        "Unser Anmeldedienst ist gerade überlastet. Nichts ist verloren: Versuchen Sie es gleich noch einmal.",
    ),
    problem_phone: text(
        "Diese Telefonnummer können wir nicht erreichen. Geben Sie sie mit + und der Vorwahl Ihres Landes ein.",
    ),
    problem_email: text("Das ist keine E-Mail-Adresse. Sie sieht so aus: name@example.com."),
    problem_not_offered: text("Dieser Weg wird im Moment nicht angeboten. Wählen Sie einen anderen."),
    problem_sent_too_often: text(
        "Wir haben Ihnen viele Nachrichten gesendet. Warten Sie einige Minuten, bevor Sie noch eine anfordern.",
    ),
    problem_unavailable: text(
        "Unser Anmeldedienst antwortet nicht. Nichts ist verloren: Versuchen Sie es gleich noch einmal.",
    ),
    one_more: text("Das war richtig. Es braucht noch einen Schritt."),
    others_first: text("{needed} Dieser Schritt kommt zuerst."),
    manage_heading: text("Ihre zweiten Schritte"),
    manage_lead: text(
        "Damit zeigen Sie, dass Sie es sind. Behalten Sie mindestens zwei, damit ein verlorenes Telefon Sie nicht aussperrt.",
    ),
    manage_none: text(
        "Sie haben noch keinen. Richten Sie einen ein, und ein gestohlenes Passwort allein lässt niemanden hinein.",
    ),
    manage_add: text("Einen weiteren einrichten"),
    manage_add_first: text("Einen einrichten"),
    manage_deleted: text("Entfernt."),
    manage_added: text("Hinzugefügt."),
    manage_kept: text("Dieser lässt sich hier nicht entfernen."),
    manage_no_token_heading: text("Das lässt sich nicht anzeigen"),
    manage_no_token_text: text(
        "Unser Anmeldedienst hat uns Ihre zweiten Schritte nicht sehen lassen. Versuchen Sie es noch einmal oder wenden Sie sich an die Betreiber dieser Website.",
    ),
    remove: text("Entfernen"),
    delete_heading: text("{name} entfernen?"),
    delete_text: text(
        "Sie können damit dann nicht mehr zeigen, dass Sie es sind. Ist es der einzige, schützt nur noch Ihr Passwort Ihr Konto.",
    ),
    keep_it: text("Behalten"),
};
