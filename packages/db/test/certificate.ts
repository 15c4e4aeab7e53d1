/**
 * For tests: a certificate of their own for 127.0.0.1, signed by itself and good for a hundred years, with
 * its key. Nothing trusts it. Made by `openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes
 * -days 36500 -subj /CN=yuzuru-test -addext subjectAltName=IP:127.0.0.1,DNS:localhost`.
 */
export const TEST_CERTIFICATE = `-----BEGIN CERTIFICATE-----
MIIBnzCCAUWgAwIBAgIUZJOaGUty+F4yGgCcIPrs460YN70wCgYIKoZIzj0EAwIw
FjEUMBIGA1UEAwwLeXV6dXJ1LXRlc3QwIBcNMjYxMTIxMDQzNTI5WhgPMjEyNjEw
MjgwNDM1MjlaMBYxFDASBgNVBAMMC3l1enVydS10ZXN0MFkwEwYHKoZIzj0CAQYI
KoZIzj0DAQcDQgAEEjzBxDEBuoNUzyK2R/zyB4lCjy8sStPpeBEutcDJRINvoDQ1
aqMtEhSQHaFe7NQayqX7ebwIsQ1tAhgXmrwuxKNvMG0wHQYDVR0OBBYEFKyAZQIv
QklVuB4hEkFIEc+JJtlbMB8GA1UdIwQYMBaAFKyAZQIvQklVuB4hEkFIEc+JJtlb
MA8GA1UdEwEB/wQFMAMBAf8wGgYDVR0RBBMwEYcEfwAAAYIJbG9jYWxob3N0MAoG
CCqGSM49BAMCA0gAMEUCIQD/B9j4fNmy7Wdx/eIqHcUJ2ti/xmR7n85/zS72U0g4
LQIgcZ7hlYWsV/DQEghSXzzHvRxOFI2UfwFP18oidp4ZkvA=
-----END CERTIFICATE-----
`

export const TEST_KEY = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgVjZoHvg1cQHpuLP5
CgUns9jg9rRAB3DM0nzW7SJ+VOGhRANCAAQSPMHEMQG6g1TPIrZH/PIHiUKPLyxK
0+l4ES61wMlEg2+gNDVqoy0SFJAdoV7s1BrKpft5vAixDW0CGBeavC7E
-----END PRIVATE KEY-----
`
