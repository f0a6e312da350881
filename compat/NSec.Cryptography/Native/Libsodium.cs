using System.Runtime.InteropServices;

namespace NSec.Cryptography.Native;

/// <summary>
/// The calls of libsodium that this assembly makes. Spans are pinned for the call and handles are kept alive
/// by it, so no call copies its arguments.
/// </summary>
internal static partial class Libsodium
{
    public const int Argon2idAlg13 = 2;

    [LibraryImport(LibsodiumLibrary.Name)]
    public static partial int sodium_init();

    [LibraryImport(LibsodiumLibrary.Name)]
    public static partial nint sodium_malloc(nuint size);

    [LibraryImport(LibsodiumLibrary.Name)]
    public static partial void sodium_free(nint pointer);

    [LibraryImport(LibsodiumLibrary.Name)]
    public static partial int sodium_mprotect_readonly(nint pointer);

    [LibraryImport(LibsodiumLibrary.Name)]
    public static partial void randombytes_buf(Span<byte> buffer, nuint size);

    [LibraryImport(LibsodiumLibrary.Name)]
    public static partial int crypto_sign_ed25519_seed_keypair(
        Span<byte> publicKey, SecureMemoryHandle secretKey, ReadOnlySpan<byte> seed);

    [LibraryImport(LibsodiumLibrary.Name)]
    public static partial int crypto_sign_ed25519_detached(
        Span<byte> signature, nint signatureLength, ReadOnlySpan<byte> data, ulong dataLength,
        SecureMemoryHandle secretKey);

    [LibraryImport(LibsodiumLibrary.Name)]
    public static partial int crypto_sign_ed25519_verify_detached(
        ReadOnlySpan<byte> signature, ReadOnlySpan<byte> data, ulong dataLength,
        ReadOnlySpan<byte> publicKey);

    [LibraryImport(LibsodiumLibrary.Name)]
    public static partial int crypto_aead_xchacha20poly1305_ietf_encrypt(
        Span<byte> ciphertext, nint ciphertextLength, ReadOnlySpan<byte> plaintext, ulong plaintextLength,
        ReadOnlySpan<byte> associatedData, ulong associatedDataLength, nint unused, ReadOnlySpan<byte> nonce,
        SecureMemoryHandle key);

    [LibraryImport(LibsodiumLibrary.Name)]
    public static partial int crypto_aead_xchacha20poly1305_ietf_decrypt(
        Span<byte> plaintext, nint plaintextLength, nint unused, ReadOnlySpan<byte> ciphertext,
        ulong ciphertextLength, ReadOnlySpan<byte> associatedData, ulong associatedDataLength,
        ReadOnlySpan<byte> nonce, SecureMemoryHandle key);

    [LibraryImport(LibsodiumLibrary.Name)]
    public static partial int crypto_pwhash_argon2id(
        Span<byte> output, ulong outputLength, ReadOnlySpan<byte> password, ulong passwordLength,
        ReadOnlySpan<byte> salt, ulong opsLimit, nuint memLimit, int algorithm);
}
