using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;
using NSec.Cryptography;

namespace Ledger.Crypto;

/// <summary>
/// A key file that cannot be used; the message says what is wrong and how to mend it, never a secret.
/// </summary>
public sealed class KeyFileException(string what) : Exception(what);

/// <summary>
/// An Ed25519 key on disk: JSON, mode 0600, the seed in the clear or sealed with a passphrase (Argon2id, then
/// XChaCha20-Poly1305). One that others may read is refused.
/// </summary>
public static class KeyFile
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const int CurrentVersion = 1;
    private const string Kind = "ed25519";
    private const int SaltBytes = 16;

    /// <summary>Far more than a key file has.</summary>
    private const int BytesMax = 64 << 10;

    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        WriteIndented = true,
    };

    /// <summary>Writes a new key file; an existing one is never overwritten.</summary>
    public static void Create(string path, SigningKey key, string? passphrase)
        => Write(path, key, passphrase, replace: false);

    /// <summary>Writes the same key anew, sealed otherwise.</summary>
    public static void Replace(string path, SigningKey key, string? passphrase)
        => Write(path, key, passphrase, replace: true);

    /// <exception cref="KeyFileException">Missing, open to others, damaged, sealed, or the passphrase is
    /// wrong.</exception>
    public static SigningKey Load(string path, string? passphrase)
    {
        var document = Read(path);
        var seed = document.Sealed is { } box
            ? Open(box, passphrase
                ?? throw new KeyFileException($"{path} is sealed: give its passphrase"), path)
            : FromHex(document.Seed, SigningKey.SeedSize, path);
        var key = SigningKey.FromSeed(seed);
        CryptographicOperations.ZeroMemory(seed);
        if (key.PublicKey.ToString() == document.PublicKey)
        {
            return key;
        }

        key.Dispose();
        throw new KeyFileException(
            $"{path} names another public key than its secret's: restore it from a backup");
    }

    /// <summary>What the file says without its secret.</summary>
    public static (PublicKey PublicKey, bool IsSealed) Describe(string path)
    {
        var document = Read(path);
        return PublicKey.TryParse(document.PublicKey, out var key)
            ? (key, document.Sealed is not null)
            : throw NoKeyFile(path);
    }

    private static void Write(string path, SigningKey key, string? passphrase, bool replace)
    {
        var seed = key.ExportSeed();
        var document = new Document(
            CurrentVersion, Kind, key.PublicKey.ToString(),
            passphrase is null ? Convert.ToHexStringLower(seed) : null,
            passphrase is null ? null : Seal(seed, passphrase));
        CryptographicOperations.ZeroMemory(seed);
        var bytes = JsonSerializer.SerializeToUtf8Bytes(document, Json);
        try
        {
            DurableFile.Write(path, bytes, OwnerOnly, replace);
        }
        catch (IOException) when (!replace && File.Exists(path))
        {
            throw new KeyFileException(
                $"{path} exists already, and a key is never overwritten: choose another name, or move that "
                + "file away first");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new KeyFileException(
                $"{path} cannot be written ({exception.Message.TrimEnd('.')}): check that its folder exists "
                + "and that you may write there");
        }

        CryptographicOperations.ZeroMemory(bytes);
    }

    private static Document Read(string path)
    {
        if (!File.Exists(path))
        {
            throw new KeyFileException(
                $"there is no key file {path}: make one with 'ledger keys new --out FILE'");
        }

        if ((File.GetUnixFileMode(path) & ~(OwnerOnly | UnixFileMode.UserExecute)) != 0)
        {
            throw new KeyFileException($"{path} is open to others: close it with 'chmod 600 {path}'");
        }

        try
        {
            var document = JsonSerializer.Deserialize<Document>(BoundedFile.ReadText(path, BytesMax), Json);
            return document is { Version: CurrentVersion, Type: Kind }
                && (document.Seed is null) != (document.Sealed is null)
                ? document
                : throw NoKeyFile(path);
        }
        catch (JsonException)
        {
            throw NoKeyFile(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new KeyFileException(
                $"{path} cannot be read ({exception.Message.TrimEnd('.')}): check that it is yours");
        }
    }

    private static SealedSeed Seal(byte[] seed, string passphrase)
    {
        var parameters = new SealedSeed("argon2id", 65_536, 3, "", "xchacha20-poly1305", "", "");
        var salt = RandomNumberGenerator.GetBytes(SaltBytes);
        var nonce = RandomNumberGenerator.GetBytes(AeadAlgorithm.XChaCha20Poly1305.NonceSize);
        using var key = Derive(parameters, salt, passphrase);
        return parameters with
        {
            Salt = Convert.ToHexStringLower(salt),
            Nonce = Convert.ToHexStringLower(nonce),
            Ciphertext = Convert.ToHexStringLower(
                AeadAlgorithm.XChaCha20Poly1305.Encrypt(key, nonce, [], seed)),
        };
    }

    private static byte[] Open(SealedSeed box, string passphrase, string path)
    {
        // The file is ours to distrust: its parameters must not make us allocate what it likes.
        if (box is not
            {
                Kdf: "argon2id", Cipher: "xchacha20-poly1305",
                MemoryKiB: >= 8192 and <= 1_048_576, Passes: >= 1 and <= 100,
            })
        {
            throw NoKeyFile(path);
        }

        using var key = Derive(box, FromHex(box.Salt, SaltBytes, path), passphrase);
        var algorithm = AeadAlgorithm.XChaCha20Poly1305;
        return algorithm.Decrypt(
            key, FromHex(box.Nonce, algorithm.NonceSize, path), [],
            FromHex(box.Ciphertext, SigningKey.SeedSize + algorithm.TagSize, path))
            ?? throw new KeyFileException($"the passphrase does not open {path}");
    }

    private static Key Derive(SealedSeed box, byte[] salt, string passphrase)
    {
        var parameters = new Argon2Parameters
        {
            DegreeOfParallelism = 1,
            MemorySize = box.MemoryKiB,
            NumberOfPasses = box.Passes,
        };
        return PasswordBasedKeyDerivationAlgorithm.Argon2id(parameters)
            .DeriveKey(passphrase, salt, AeadAlgorithm.XChaCha20Poly1305);
    }

    private static byte[] FromHex(string? text, int length, string path)
    {
        var bytes = new byte[length];
        return text?.Length == 2 * length && Hex.TryDecode(text, bytes) ? bytes : throw NoKeyFile(path);
    }

    private static KeyFileException NoKeyFile(string path)
        => new($"{path} is not a key file that this version writes: make one with 'ledger keys new --out "
            + "FILE'");

    private sealed record Document(
        int Version, string Type, string PublicKey, string? Seed, SealedSeed? Sealed);

    private sealed record SealedSeed(
        string Kdf, long MemoryKiB, long Passes, string Salt, string Cipher, string Nonce, string Ciphertext);
}
