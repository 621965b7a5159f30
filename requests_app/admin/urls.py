"""Every address of the sign-in, under the library's names. What is not listed (sign-up, mail reset) does not exist."""

from allauth.account import views as account
from allauth.mfa.base import views as mfa
from allauth.mfa.recovery_codes import views as recovery
from allauth.mfa.totp import views as app
from allauth.mfa.webauthn import views as passkey
from django.urls import path
from django.views.decorators.cache import never_cache

from . import provider
from .second_factor import SetUpApp

urlpatterns = [
    path("sign-in/", provider.SignInPage.as_view(), name="account_login"),
    path("sign-in/provider/", provider.start, name="account_openid"),
    path("sign-in/provider/back/", provider.back, name="account_openid_back"),
    path("sign-in/code/", never_cache(mfa.authenticate), name="mfa_authenticate"),
    path("sign-out/", account.logout, name="account_logout"),
    path("again/password/", never_cache(account.reauthenticate), name="account_reauthenticate"),
    path("again/code/", never_cache(mfa.reauthenticate), name="mfa_reauthenticate"),
    path("again/passkey/", never_cache(passkey.reauthenticate_webauthn), name="mfa_reauthenticate_webauthn"),
    path("second-factor/", never_cache(mfa.index), name="mfa_index"),
    path("second-factor/app/", never_cache(SetUpApp.as_view()), name="mfa_activate_totp"),
    path("second-factor/app/remove/", never_cache(app.deactivate_totp), name="mfa_deactivate_totp"),
    path("second-factor/codes/", never_cache(recovery.view_recovery_codes), name="mfa_view_recovery_codes"),
    path("second-factor/codes/new/", never_cache(recovery.generate_recovery_codes), name="mfa_generate_recovery_codes"),
    path("second-factor/passkeys/", never_cache(passkey.list_webauthn), name="mfa_list_webauthn"),
    path("second-factor/passkeys/add/", never_cache(passkey.add_webauthn), name="mfa_add_webauthn"),
    path("second-factor/passkeys/<int:pk>/remove/", never_cache(passkey.remove_webauthn), name="mfa_remove_webauthn"),
]
