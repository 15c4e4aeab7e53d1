/**
 * The names that the five documents show: of functions, classes, settings and library calls; not of local
 * variables. Each stands under the first document that has it.
 */
export const originalNames: ReadonlyMap<string, readonly string[]> = new Map([
  [
    '000',
    words(`
    upload_file create_presigned_url send_verification_email send_email synchronous_operation
    asynchronous_operation get_billing_status BillingService
    create_checkout_session_with_customer CRUDBilling get_by_office_id sequential_operations
    concurrent_operations approve_request get_user_data upload_and_save sync_handler
    async_handler commit refresh execute scalar_one_or_none client S3_ENDPOINT_URL
    S3_ACCESS_KEY S3_REGION upload_fileobj S3_BUCKET_NAME generate_presigned_url api_key
    Customer FRONTEND_URL html send_message query billing_status get_db get_current_user
    trial_end_date checkout rollback scalars gather scalar_one MessageSchema FastMail Depends
    BillingStatusResponse HTTPException ClientError StripeError create_for_office
    update_stripe_customer create_with_encryption selectinload EmployeeActionRequest Staff
    CRUDBase BillingCreate BillingUpdate AsyncSession office_associations is_primary
    auto_commit stripe_customer_id session_id response_model aws_secret_access_key BinaryIO
    UUID Optional Dict
  `),
  ],
  [
    '001',
    words(`
    fetch_data fetch_api count_up get_data bad_example good_example long_task
    sync_heavy_computation sleep run AsyncClient CancelledError create_task cancel
    get_event_loop run_in_executor FastAPI ThreadPoolExecutor
  `),
  ],
  [
    '002',
    words(`
    to_thread exception ProcessPoolExecutor
  `),
  ],
  [
    '003',
    words(`
    child_work parent background_task async_main hello goodbye sequential_example
    concurrent_example fetch fetch_all read_file write_file process_files limited_task
    async_generator blocking_io get_running_loop run_until_complete close new_event_loop
    set_event_loop TaskGroup as_completed ClientSession open wait_for TimeoutError Semaphore
    finish_remaining_work long_running_task other_work some_heavy_task heavy_computation
    BaseException return_exceptions ExceptionGroup
  `),
  ],
  [
    '004',
    words(`
    greet example long_operation cancellable_task might_fail slow_operation AsyncResource
    __aenter__ __aexit__ AsyncCounter __aiter__ __anext__ async_range fetch_with_limit
    fetch_url producer consumer wait FIRST_COMPLETED timeout Queue put get StopAsyncIteration
    return_when
  `),
  ],
])

function words(text: string): readonly string[] {
  return text.trim().split(/\s+/)
}
