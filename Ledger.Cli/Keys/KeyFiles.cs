using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;
using Ledger.Cli.Network;
using Ledger.Cli.Shell;
using Ledger.Crypto;

namespace Ledger.Cli.Keys;

/// <summary>
/// Key files: JSON, mode 0600, the seed in the clear or sealed with a passphrase. Every refusal says how to mend it.
/// </summary>
internal static class KeyFiles
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    };

    public static void Create(string path, SigningKey key, string? passphrase)
    {
        if (File.Exists(path))
        {
            throw new CliException($"{path} exists", "choose another name: a key is never overwritten");
        }

        PrivateFile.Create(path, Write(key, passphrase));
    }

    public static void Replace(string path, SigningKey key, string? passphrase)
        => PrivateFile.Replace(path, Write(key, passphrase));

    /// <summary>What the file says without its secret; needs no passphrase.</summary>
    public static (PublicKey PublicKey, bool IsEncrypted) Describe(string path)
    {
        var document = Read(path);
        return PublicKey.TryParse(document.PublicKey, out var key) ? (key, document.Sealed is not null) : throw NoKey(path);
    }

    /// <param name="path">The file.</param>
    /// <param name="passphrase">Asked for only when the file is sealed.</param>
    public static SigningKey Load(string path, Func<string> passphrase)
    {
        var document = Read(path);
        var seed = document switch
        {
            { Sealed: { } box, Seed: null } => SealedSeed.Open(box, passphrase())
                ?? throw new CliException($"the passphrase does not open {path}", "try again"),
            { Seed: { } text, Sealed: null } => FromHex(text) ?? throw NoKey(path),
            _ => throw NoKey(path),
        };
        var key = SigningKey.FromSeed(seed);
        CryptographicOperations.ZeroMemory(seed);
        if (key.PublicKey.ToString() == document.PublicKey)
        {
            return key;
        }

        key.Dispose();
        throw new CliException($"{path} names another public key than its secret's", "restore it from a backup");
    }

    private static string Write(SigningKey key, string? passphrase)
    {
        var seed = key.ExportSeed();
        Document document = passphrase is null
            ? new(key.PublicKey.ToString(), Convert.ToHexStringLower(seed), null)
            : new(key.PublicKey.ToString(), null, SealedSeed.Seal(seed, passphrase));
        CryptographicOperations.ZeroMemory(seed);
        return JsonSerializer.Serialize(document, Json);
    }

    private static Document Read(string path)
    {
        if (!File.Exists(path))
        {
            throw new CliException($"there is no key file {path}", "make one with 'ledger keys new --out FILE'");
        }

        if (PrivateFile.IsOpenToOthers(path))
        {
            throw new CliException($"{path} can be read by others", $"close it with 'chmod 600 {path}'");
        }

        try
        {
            return JsonSerializer.Deserialize<Document>(File.ReadAllText(path), Json) ?? throw NoKey(path);
        }
        catch (JsonException)
        {
            throw NoKey(path);
        }
    }

    private static byte[]? FromHex(string text)
    {
        try
        {
            var seed = Convert.FromHexString(text);
            return seed.Length == SigningKey.SeedSize ? seed : null;
        }
        catch (FormatException)
        {
            return null;
        }
    }

    private static CliException NoKey(string path)
        => new($"{path} is not a key file", "name one that 'ledger keys new' wrote");

    private sealed record Document(string PublicKey, string? Seed, SealedSeed.Box? Sealed);
}
