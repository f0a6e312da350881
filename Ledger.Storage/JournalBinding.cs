using Ledger.Crypto;

namespace Ledger.Storage;

/// <summary>
/// Whose journal it is: a data folder that was copied under another key would void both validators' votes.
/// </summary>
internal sealed record JournalBinding(Digest Genesis, PublicKey Validator)
{
    private const byte FormatVersion = 1;

    public byte[] Encode()
    {
        Span<byte> fields = stackalloc byte[1 + Digest.Size + PublicKey.Size];
        fields[0] = FormatVersion;
        Genesis.CopyTo(fields[1..]);
        Validator.CopyTo(fields[(1 + Digest.Size)..]);
        return JournalEntry.Seal(0, fields);
    }

    public static JournalBinding? Decode(ReadOnlySpan<byte> encoded)
    {
        var fields = JournalEntry.Open(0, encoded);
        return fields is { Length: 1 + Digest.Size + PublicKey.Size } && fields[0] == FormatVersion
            ? new(new(fields.AsSpan(1, Digest.Size)), new(fields.AsSpan(1 + Digest.Size)))
            : null;
    }

    public void MustBe(JournalBinding expected, string folder)
    {
        if (Genesis != expected.Genesis)
        {
            throw new DataFolderException(
                $"The consensus journal {folder} is of the chain with genesis {Genesis}, "
                + $"the genesis file is {expected.Genesis}; use the data folder of this chain");
        }

        if (Validator != expected.Validator)
        {
            throw new DataFolderException(
                $"The consensus journal {folder} is of the validator {Validator}, the key file holds "
                + $"{expected.Validator}; use that validator's key, or an empty data folder for this one");
        }
    }
}
