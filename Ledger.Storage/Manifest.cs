using System.Text.Json;
using System.Text.Json.Serialization;
using Ledger.Crypto;

namespace Ledger.Storage;

/// <summary>What a data folder says of itself, in one small file that people can read.</summary>
internal sealed record Manifest(int Format, string ChainId, Digest GenesisHash)
{
    public const int CurrentFormat = 1;

    public const string FileName = "ledger.json";

    private const UnixFileMode FilePermissions
        = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead;

    public static bool ExistsIn(string root) => File.Exists(PathIn(root));

    public static void OpenOrCreate(string root, Manifest expected)
    {
        if (ExistsIn(root))
        {
            MustBe(Read(root), expected, root);
            return;
        }

        DurableFile.Write(PathIn(root), expected.Encode(), FilePermissions, replace: true);
    }

    private static string PathIn(string root) => Path.Combine(root, FileName);

    private byte[] Encode()
        => JsonSerializer.SerializeToUtf8Bytes(
            new Fields(Format, ChainId, GenesisHash.ToString()), ManifestJson.Default.Fields);

    private static Manifest Read(string root)
    {
        try
        {
            var fields = JsonSerializer.Deserialize(
                File.ReadAllBytes(PathIn(root)), ManifestJson.Default.Fields);
            if (fields is { Format: > CurrentFormat })
            {
                throw new DataFolderException(
                    $"The data folder {root} has format {fields.Format}, this program knows up to "
                    + $"{CurrentFormat}; start it with the newer version that wrote it");
            }

            if (fields is { Format: CurrentFormat, ChainId: not null, GenesisHash: not null }
                && Digest.TryParse(fields.GenesisHash, out var genesis))
            {
                return new(fields.Format, fields.ChainId, genesis);
            }
        }
        catch (JsonException torn)
        {
            throw Damaged(root, torn);
        }

        throw Damaged(root, null);
    }

    private static void MustBe(Manifest found, Manifest expected, string root)
    {
        if (found.ChainId != expected.ChainId || found.GenesisHash != expected.GenesisHash)
        {
            throw new DataFolderException(
                $"The data folder {root} is of chain {found.ChainId} with genesis {found.GenesisHash}, the "
                + $"genesis file is of chain {expected.ChainId} with genesis {expected.GenesisHash}; "
                + "name the folder of this chain, or an empty one");
        }
    }

    private static DamagedDataException Damaged(string root, Exception? cause)
        => new($"The data folder {root} is damaged: {FileName} cannot be read; restore that file from a "
            + "backup: an empty folder would make a validator forget its promises", cause);

    internal sealed record Fields(int Format, string? ChainId, string? GenesisHash);
}

/// <summary>JSON without reflection.</summary>
[JsonSourceGenerationOptions(WriteIndented = true, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(Manifest.Fields))]
internal sealed partial class ManifestJson : JsonSerializerContext;
