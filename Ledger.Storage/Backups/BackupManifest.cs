using System.Text.Json;
using System.Text.Json.Serialization;
using Ledger.Core;
using Ledger.Crypto;

namespace Ledger.Storage;

/// <summary>
/// One backup: the files that a ledger consists of at one moment, and what shows which block it ends in.
/// </summary>
/// <param name="Format">1.</param>
/// <param name="ChainId">Of the chain.</param>
/// <param name="Genesis">Its genesis hash.</param>
/// <param name="Created">When, in Unix milliseconds, by the clock of who made it.</param>
/// <param name="Height">The last block.</param>
/// <param name="Head">Its hash.</param>
/// <param name="Finality">A headers proof of it, in MessagePack; null when it is the genesis block.</param>
/// <param name="Files">In the order of their names.</param>
public sealed record BackupManifest(
    int Format, string ChainId, string Genesis, long Created, ulong Height, string Head, byte[]? Finality,
    IReadOnlyList<BackupFile> Files)
{
    public const int CurrentFormat = 1;

    public long Bytes => Files.Sum(file => file.Bytes);

    internal byte[] Encode() => JsonSerializer.SerializeToUtf8Bytes(this, BackupJson.Default.BackupManifest);

    /// <exception cref="BackupException">It is no manifest, or of a newer version.</exception>
    internal static BackupManifest Decode(string path, ReadOnlySpan<byte> bytes)
    {
        try
        {
            var manifest = JsonSerializer.Deserialize(bytes, BackupJson.Default.BackupManifest);
            if (manifest is { Format: > CurrentFormat })
            {
                throw BackupException.Damaged(
                    $"the backup {path} has format {manifest.Format}, and this program knows "
                    + $"{CurrentFormat}: a newer one reads it");
            }

            if (manifest is
                {
                    Format: CurrentFormat, ChainId: not null, Genesis: not null, Head: not null,
                    Files: not null
                }
                && manifest.Files.All(file => file is not null && file.IsPlain)
                && manifest.Files.Select(file => file.Name).Distinct(StringComparer.Ordinal)
                    .Count() == manifest.Files.Count)
            {
                return manifest;
            }
        }
        catch (JsonException)
        {
            // Said below.
        }

        throw BackupException.Damaged($"the backup {path} is damaged: it is no list of files");
    }

    /// <returns>Why this is no backup of this chain that ends in a final block, or null.</returns>
    public string? FaultIn(Genesis genesis)
    {
        if (Genesis != genesis.Hash.ToString())
        {
            return $"it is of the chain with genesis {Genesis}, not {genesis.Hash}";
        }

        if (Finality is null)
        {
            return Height == 0 && Head == genesis.Block.Hash.ToString()
                ? null : "nothing shows that its last block is final";
        }

        if (!ProofFile.TryDecode(Finality, out var proof, out var fault))
        {
            return fault;
        }

        return FinalityVerifier.FaultIn(proof.Finality, genesis)
            ?? (proof.Finality.Header.Height.Value == Height
                && proof.Finality.Header.ComputeHash().ToString() == Head
                ? null
                : "what shows that a block is final is of another block");
    }
}

/// <param name="Name">In the ledger's folder.</param>
/// <param name="Bytes">Its length.</param>
/// <param name="Hash">SHA-256 of its content; where it lies among the backup's objects.</param>
public sealed record BackupFile(string Name, long Bytes, string Hash)
{
    /// <summary>No database writes a larger file; so the sum of all is a number, too.</summary>
    private const long BytesMax = 1L << 40;

    /// <summary>
    /// Whether it names one file in one folder, and one object: whoever wrote the list must not choose
    /// others.
    /// </summary>
    internal bool IsPlain
        => Name is { Length: > 0 } and not ("." or "..") && Name.IndexOfAny(['/', '\\', '\0']) < 0
            && Bytes is >= 0 and <= BytesMax && Digest.TryParse(Hash, out _);
}

/// <summary>A backup that cannot be made or used; the message says why.</summary>
public sealed class BackupException(string message, Exception? cause = null) : Exception(message, cause)
{
    /// <summary>The backup is at fault, and not the disk.</summary>
    public bool IsDamage { get; init; }

    internal static BackupException Damaged(string what) => new(what) { IsDamage = true };
}

/// <summary>JSON without reflection.</summary>
[JsonSourceGenerationOptions(WriteIndented = true, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(BackupManifest))]
internal sealed partial class BackupJson : JsonSerializerContext;
