using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using Ledger.Core;
using Ledger.Crypto;
using Ledger.Storage;
using MessagePack;

namespace Ledger.Node.Consensus;

/// <summary>
/// What a ledger says of the members, for a witness, which keeps none (docs/decisions/0060-witnesses.md). It
/// lies in the witness's data folder too: after a restart it must know whom to connect to.
/// </summary>
/// <param name="Height">The last block of the ledger that says so.</param>
/// <param name="EpochBlock">The block that the epoch begins on.</param>
/// <param name="History">Everyone who has or had a seat.</param>
internal sealed record MembersWord(Height Height, Digest EpochBlock, ValidatorHistory History)
{
    private const string FileName = "members";

    public Epoch EpochOn(Genesis genesis) => History.Changes is [.., var changed]
        ? Epoch.After(History.Epoch, History.Current, changed, EpochBlock)
        : Epoch.First(genesis);

    public byte[] Encode()
        => Canonical.Encode(this, static (ref MessagePackWriter writer, MembersWord word) =>
    {
        writer.WriteArrayHeader(3);
        writer.Write(word.Height.Value);
        Fields.WriteDigest(ref writer, word.EpochBlock);
        writer.Write(word.History.Encode());
    });

    public static bool TryDecode(
        Genesis genesis, ReadOnlyMemory<byte> bytes, [MaybeNullWhen(false)] out MembersWord word)
        => Canonical.TryRead(
            bytes,
            (ref MessagePackReader reader) =>
            {
                Fields.ReadFixedArray(ref reader, 3, "the members");
                return new MembersWord(
                    Fields.ReadHeight(ref reader), Fields.ReadDigest(ref reader),
                    ValidatorHistory.Decode(
                        genesis, Fields.ReadBytes(ref reader, bytes.Length, "the validators")));
            },
            out word, out _);

    /// <returns>Null when this folder's node was never told anything.</returns>
    /// <exception cref="DamagedDataException">The file is not what was written.</exception>
    public static MembersWord? In(string folder, Genesis genesis)
    {
        var path = Path.Combine(folder, FileName);
        if (!File.Exists(path))
        {
            return null;
        }

        var bytes = File.ReadAllBytes(path);
        return bytes.Length >= Digest.Size
            && SHA256.HashData(bytes.AsSpan(Digest.Size)).AsSpan().SequenceEqual(bytes.AsSpan(0, Digest.Size))
            && TryDecode(genesis, bytes.AsMemory(Digest.Size), out var word)
                ? word
                : throw new DamagedDataException(
                    $"{path} is damaged; remove it: this witness's peers tell it again who the members are");
    }

    public void PutInto(string folder)
    {
        var bytes = Encode();
        DurableFile.Write(
            Path.Combine(folder, FileName), [.. SHA256.HashData(bytes), .. bytes],
            UnixFileMode.UserRead | UnixFileMode.UserWrite, replace: true);
    }
}
