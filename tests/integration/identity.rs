//! Who is who: invitations, certificates, revocation, and what a call may rely on.

mod calls;
mod enrolment;
mod transport;

use sandyq_tests::Site;

#[tokio::test]
async fn attack_29_only_the_invited_come_in_and_only_once() {
    let site = Site::start().await;
    enrolment::a_token_works_once(&site).await;
    enrolment::a_malformed_request_leaves_the_token_good(&site).await;
    enrolment::expired_and_invented_tokens_are_refused(&site).await;
    enrolment::a_revoked_invitation_is_worth_nothing(&site).await;
    enrolment::roles_fit_the_kind_of_organization(&site).await;
    enrolment::a_certificate_is_renewed(&site).await;
    enrolment::a_reason_is_a_text(&site).await;
    enrolment::nobody_revokes_oneself(&site).await;
    enrolment::a_revoked_user_is_refused_at_once(&site).await;
    enrolment::an_upload_of_a_revoked_user_does_not_end_well(&site).await;
    enrolment::roles_are_read_from_the_database(&site).await;
    enrolment::an_expired_certificate_is_refused(&site).await;
    transport::files_with_secrets_are_closed(&site);
    transport::a_certificate_of_another_authority_is_refused(&site).await;
    transport::without_tls_nothing_is_said(&site).await;
}

#[tokio::test]
async fn calls_can_be_repeated_and_lists_walked() {
    let site = Site::start().await;
    calls::a_repeated_request_gets_the_same_answer(&site).await;
    calls::requests_at_the_same_time_are_carried_out_once(&site).await;
    calls::a_secret_is_answered_once(&site).await;
    calls::pages_hold_every_element_once(&site).await;
    calls::entries_of_the_log_are_paged(&site).await;
    calls::wrong_pages_are_refused(&site).await;
}
