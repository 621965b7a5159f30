"""What each visitor gets, as HTTP status: GET, a bar, POST. A dash where an address names no object.

302 on the person's side is the way on, or to "find my requests"; at the desk to the case, or to the sign-in.
Django's own pages of accounts and groups are for whoever manages accounts: they show nobody's request.
"""

from collections.abc import Mapping, Sequence

PERSONS = ("anonymous", "ana", "otto", "unknown")  # the last: Ana with an id that nobody has
# Nobody, Ana, somebody without a device, one whose session has shown a password only, and the officer.
ENTERING = ("anonymous", "ana", "new", "half", "petra")
ROADS = {"/staff/sign-in/": "in", "/staff/second-factor/app/": "app", "/admin/": "desk"}
MEMBERS = ("bruno", "ada", "petra", "nora", "root")  # handler, approver, officer; staff, superuser without role


def words(seen: Mapping[tuple[str, str], object], visitors: Sequence[str]) -> str:
    """The row as it is written below."""
    return " | ".join(" ".join(str(seen.get((m, who), "-")) for who in visitors) for m in ("GET", "POST"))


# fmt: off
WEB: dict[str, str] = {
    # row              GET: anon ana otto unkn POST: the same
    "file":           "200 200   -   -   | 200 200   -   -",
    "check":          "302 302   -   -   | 200 200   -   -",
    "behalf":         "302 302   -   -   | 200 200   -   -",
    "child":          "200 200   -   -   | 200 200   -   -",
    "child_reported": "200 200   -   -   | 405 405   -   -",
    "for_you":        "404 404   -   -   | 404 404   -   -",
    "status":         "302 200   -   -   | 405 405   -   -",
    "confirm":        "405 405   -   -   | 404 200   -   -",
    "resend":         "405 405   -   -   | 404 302   -   -",
    "change_address": "405 405   -   -   | 404 302   -   -",
    "sign_in":        "405 405   -   -   | 404 302   -   -",
    "sign_in_back":   "302 302   -   -   | 405 405   -   -",
    "fresh_code":     "404 200   -   -   | 404 200   -   -",
    "cancel":         "404 200 404 404   | 404 302 404 404",
    "undo":           "405 405 405 405   | 404 302 404 404",
    "reopen":         "405 405 405 405   | 404 302 404 404",
    "reply":          "405 405 405 405   | 404 302 404 404",
    "notice":         "404 200 404 404   | 405 405 405 405",
    "download":       "404 200 404 404   | 404 200 404 404",
    "document":       "404 302 404 404   | 404 302 404 404",
    "ics":            "404 200 404 404   | 405 405 405 405",
    "find":           "200 200   -   -   | 302 302   -   -",
    "find_code":      "302 200   -   -   | 302 200   -   -",
    "found":          "302 200   -   -   | 405 405   -   -",
    "open":           "405 405 405 405   | 404 302 404 404",
    "link":           "302 302 302 404   | 405 405 405 405",
    "by_link":        "302 200   -   -   | 302 200   -   -",
    "on_file_link":   "302 302   -   -   | 302 302   -   -",
    "on_file":        "405 405   -   -   | 404 200   -   -",
    "genuine":        "200 200   -   -   | 200 200   -   -",
    "leave":          "200 200   -   -   | 302 302   -   -",
    "set_language":   "302 302   -   -   | 302 302   -   -",
    "demo_mail":      "404 404   -   -   | 405 405   -   -",
    "demo_codes":     "404 404   -   -   | 405 405   -   -",
    "healthz":        "503 503   -   -   | 405 405   -   -",
    "livez":          "200 200   -   -   | 405 405   -   -",
    "metrics":        "200 200   -   -   | 405 405   -   -",
}

ADMIN: dict[str, str] = {
    # row                                                GET: bruno ada petra nora root unkn, POST: the same
    "admin:index":                                             "302 302 302 200 200   -   | 302 302 302 200 200   -",
    "admin:login":                                             "302 302 302 302 302   -   | 302 302 302 302 302   -",
    "admin:logout":                                            "405 405 405 405 405   -   | 302 302 302 302 302   -",
    "admin:password_change":                                   "200 200 200 200 200   -   | 200 200 200 200 200   -",
    "admin:password_change_done":                              "200 200 200 200 200   -   | 405 405 405 405 405   -",
    "admin:autocomplete":                                      "403 403 403 403 403   -   | 405 405 405 405 405   -",
    "admin:jsi18n":                                            "200 200 200 200 200   -   | 405 405 405 405 405   -",
    "admin:view_on_site":                                      "404 404 404 404 404 404   | 404 404 404 404 404 404",
    "admin:requests_app_notice_serve":                         "403 403 200 403 403 404   | 403 403 302 403 403 404",
    "admin:requests_app_notice_print":                         "405 405 405 405 405 405   | 403 403 200 403 403 404",
    "admin:requests_app_notice_posted":                        "405 405 405 405 405 405   | 403 403 302 403 403 404",
    "admin:requests_app_notice_changelist":                    "200 200 200 403 403   -   | 200 200 200 403 403   -",
    "admin:requests_app_notice_add":                           "403 403 403 403 403   -   | 403 403 403 403 403   -",
    "admin:requests_app_notice_history":                       "200 200 200 403 403 404   | 200 200 200 403 403 404",
    "admin:requests_app_notice_delete":                        "403 403 403 403 403 403   | 403 403 403 403 403 403",
    "admin:requests_app_notice_change":                        "200 200 200 403 403 404   | 200 200 200 403 403 404",
    "admin/requests_app/notice/<path:object_id>/":             "302 302 302 302 302 302   | 302 302 302 302 302 302",
    "admin:requests_app_policyversion_changelist":             "200 200 200 403 403   -   | 200 200 200 403 403   -",
    "admin:requests_app_policyversion_add":                    "403 403 403 403 403   -   | 403 403 403 403 403   -",
    "admin:requests_app_policyversion_history":                "200 200 200 403 403 302   | 200 200 200 403 403 302",
    "admin:requests_app_policyversion_delete":                 "403 403 403 403 403 403   | 403 403 403 403 403 403",
    "admin:requests_app_policyversion_change":                 "200 200 200 403 403 302   | 403 403 403 403 403 403",
    "admin/requests_app/policyversion/<path:object_id>/":      "302 302 302 302 302 302   | 302 302 302 302 302 302",
    "admin:requests_app_datasubjectrequest_file":              "405 405 405 405 405 405   | 200 200 200 403 403 404",
    "admin:requests_app_datasubjectrequest_act approve":       "403 200 200 403 403 404   | 403 302 302 403 403 404",
    "admin:requests_app_datasubjectrequest_act decide":        "200 200 200 403 403 404   | 302 302 302 403 403 404",
    "admin:requests_app_datasubjectrequest_act carry_out":     "200 200 200 403 403 404   | 302 302 302 403 403 404",
    "admin:requests_app_datasubjectrequest_act attach":        "200 200 200 403 403 404   | 302 302 302 403 403 404",
    "admin:requests_app_datasubjectrequest_act ask":           "200 200 200 403 403 404   | 302 302 302 403 403 404",
    "admin:requests_app_datasubjectrequest_act document":      "200 200 200 403 403 404   | 302 302 302 403 403 404",
    "admin:requests_app_datasubjectrequest_act withdraw_doubt": "403 403 302 403 403 404  | 403 403 302 403 403 404",
    "admin:requests_app_datasubjectrequest_document":          "403 403 403 403 403 403   | 403 403 403 403 403 403",
    "admin:requests_app_datasubjectrequest_page":              "403 403 403 403 403 403   | 405 405 405 405 405 405",
    "admin:requests_app_datasubjectrequest_act resume":        "302 302 302 403 403 404   | 302 302 302 403 403 404",
    "admin:requests_app_datasubjectrequest_act pause":         "403 403 302 403 403 404   | 403 403 302 403 403 404",
    "admin:requests_app_datasubjectrequest_act extend":        "403 403 302 403 403 404   | 403 403 302 403 403 404",
    "admin:requests_app_datasubjectrequest_act assign":        "200 200 200 403 403 404   | 302 302 302 403 403 404",
    "admin:requests_app_datasubjectrequest_act return":        "403 200 200 403 403 404   | 403 302 302 403 403 404",
    "admin:requests_app_datasubjectrequest_act note":          "200 200 200 403 403 404   | 302 302 302 403 403 404",
    "admin:requests_app_datasubjectrequest_act reveal":        "403 403 200 403 403 404   | 403 403 200 403 403 404",
    "admin:requests_app_datasubjectrequest_act reopen":        "403 403 200 403 403 404   | 403 403 302 403 403 404",
    "admin:requests_app_datasubjectrequest_receipt":           "200 200 200 403 403 404   | 200 200 200 403 403 404",
    "admin:requests_app_datasubjectrequest_receipt_act propose":  "405 405 405 405 405 405 | 422 403 422 403 403 404",
    "admin:requests_app_datasubjectrequest_receipt_act approve":  "405 405 405 405 405 405 | 403 200 200 403 403 404",
    "admin:requests_app_datasubjectrequest_receipt_act withdraw": "405 405 405 405 405 405 | 200 200 200 403 403 404",
    "admin:requests_app_datasubjectrequest_authority":         "200 200 200 403 403 404   | 200 200 200 403 403 404",
    "admin:requests_app_datasubjectrequest_authority_document": "405 405 405 405 405 405  | 200 200 200 403 403 404",
    "admin:requests_app_datasubjectrequest_authority_act propose": "405 405 405 405 405 405 | 302 302 302 403 403 404",
    "admin:requests_app_datasubjectrequest_authority_act accept":  "405 405 405 405 405 405 | 403 302 302 403 403 404",
    "admin:requests_app_datasubjectrequest_by_hand":           "200 200 200 403 403 404   | 200 200 200 403 403 404",
    "admin:requests_app_datasubjectrequest_by_hand_act propose": "405 405 405 405 405 405 | 302 403 302 403 403 404",
    "admin:requests_app_datasubjectrequest_by_hand_act approve": "405 405 405 405 405 405 | 403 200 200 403 403 404",
    "admin:requests_app_datasubjectrequest_by_hand_act withdraw": "405 405 405 405 405 405 | 200 200 200 403 403 404",
    "admin:requests_app_datasubjectrequest_message_file":      "405 405 405 405 405 405   | 200 200 200 403 403 404",
    "admin:requests_app_datasubjectrequest_set_aside":         "200 200 200 403 403   -   | 200 200 200 403 403   -",
    "admin:requests_app_datasubjectrequest_retry":             "405 405 405 405 405 405   | 403 403 302 403 403 404",
    "admin:requests_app_datasubjectrequest_recalculate":       "403 403 200 403 403   -   | 403 403 302 403 403   -",
    "admin:requests_app_datasubjectrequest_calendar":          "200 200 200 403 403   -   | 405 405 405 405 405   -",
    "admin:requests_app_datasubjectrequest_simulate":          "200 200 200 403 403   -   | 405 405 405 405 405   -",
    "admin:requests_app_datasubjectrequest_enter":             "200 200 200 403 403   -   | 422 422 422 403 403   -",
    "admin:requests_app_datasubjectrequest_changelist":        "200 200 200 403 403   -   | 200 200 200 403 403   -",
    "admin:requests_app_datasubjectrequest_add":               "403 403 403 403 403   -   | 403 403 403 403 403   -",
    "admin:requests_app_datasubjectrequest_history":           "200 200 200 403 403 404   | 200 200 200 403 403 404",
    "admin:requests_app_datasubjectrequest_delete":            "403 403 403 403 403 403   | 403 403 403 403 403 403",
    "admin:requests_app_datasubjectrequest_change":            "200 200 200 403 403 404   | 200 200 200 403 403 404",
    "admin/requests_app/datasubjectrequest/<path:object_id>/": "302 302 302 302 302 302   | 302 302 302 302 302 302",
    "admin:auth_group_changelist":                             "403 403 403 403 200   -   | 403 403 403 403 200   -",
    "admin:auth_group_add":                                    "403 403 403 403 200   -   | 403 403 403 403 200   -",
    "admin:auth_group_history":                                "403 403 403 403 200 302   | 403 403 403 403 200 302",
    "admin:auth_group_delete":                                 "403 403 403 403 200 302   | 403 403 403 403 302 302",
    "admin:auth_group_change":                                 "403 403 403 403 200 302   | 403 403 403 403 200 302",
    "admin/auth/group/<path:object_id>/":                      "302 302 302 302 302 302   | 302 302 302 302 302 302",
    "admin:auth_user_password_change":                         "403 403 403 403 200 404   | 403 403 403 403 200 404",
    "admin:auth_user_changelist":                              "403 403 403 403 200   -   | 403 403 403 403 200   -",
    "admin:auth_user_add":                                     "403 403 403 403 200   -   | 403 403 403 403 200   -",
    "admin:auth_user_history":                                 "403 403 403 403 200 302   | 403 403 403 403 200 302",
    "admin:auth_user_delete":                                  "403 403 403 403 200 302   | 403 403 403 403 200 302",
    "admin:auth_user_change":                                  "403 403 403 403 200 302   | 403 403 403 403 200 302",
    "admin/auth/user/<path:object_id>/":                       "302 302 302 302 302 302   | 302 302 302 302 302 302",
    "admin:app_list requests_app":                             "200 200 200 404 404   -   | 200 200 200 404 404   -",
    "admin:app_list auth":                                     "404 404 404 404 200   -   | 404 404 404 404 200   -",
    "admin/(?P<url>.*)$":                                      "404 404 404 404 404   -   | 404 404 404 404 404   -",
}

SIGN_IN: dict[str, str] = {
    # row                     GET: anon ana new half petra  POST: the same; `in`: to sign in, `app`: to set one up
    "account_login":                "200  200  desk desk desk | 200  200  302  302  302",
    "account_openid":               "405  405  405  405  405  | in   in   in   in   in",
    "account_openid_back":          "in   in   in   in   in   | 405  405  405  405  405",
    "mfa_authenticate":             "in   in   desk desk desk | in   in   302  302  302",
    "account_logout":               "in   in   200  200  200  | 302  302  302  302  302",
    "account_reauthenticate":       "in   in   200  in   200  | in   in   200  in   200",
    "mfa_reauthenticate":           "in   in   app  in   200  | in   in   app  in   200",
    "mfa_reauthenticate_webauthn":  "in   in   app  in   302  | in   in   app  in   302",
    "mfa_index":                    "in   in   app  in   200  | in   in   app  in   405",
    "mfa_activate_totp":            "in   in   200  in   302  | in   in   200  in   302",
    "mfa_deactivate_totp":          "in   in   app  in   302  | in   in   app  in   302",
    "mfa_view_recovery_codes":      "in   in   app  in   404  | in   in   app  in   405",
    "mfa_generate_recovery_codes":  "in   in   app  in   302  | in   in   app  in   302",
    "mfa_list_webauthn":            "in   in   app  in   200  | in   in   app  in   405",
    "mfa_add_webauthn":             "in   in   app  in   302  | in   in   app  in   302",
    "mfa_remove_webauthn":          "in   in   app  in   302  | in   in   app  in   302",
}
# fmt: on
