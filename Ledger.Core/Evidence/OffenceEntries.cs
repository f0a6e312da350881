using Ledger.Crypto;
using MessagePack;

namespace Ledger.Core;

/// <summary>An offence as the state keeps it: the whole proof, and who put it there.</summary>
/// <param name="Evidence">The proof.</param>
/// <param name="Reporter">Whose transaction it was.</param>
/// <param name="RecordedAt">The block of that transaction.</param>
public sealed record OffenceEntry(Evidence Evidence, PublicKey Reporter, Height RecordedAt)
{
    public byte[] Encode()
        => Canonical.Encode(this, static (ref MessagePackWriter writer, OffenceEntry entry) =>
    {
        writer.WriteArrayHeader(3);
        Evidence.Write(ref writer, entry.Evidence);
        Fields.WriteKey(ref writer, entry.Reporter);
        writer.Write(entry.RecordedAt.Value);
    });

    /// <summary>
    /// Reads what <see cref="Encode"/> wrote; the state is ours, so a fault is a broken invariant.
    /// </summary>
    public static OffenceEntry Decode(byte[] bytes)
    {
        var reader = new MessagePackReader(bytes);
        Fields.ReadFixedArray(ref reader, 3, "an offence");
        return new(Evidence.Read(ref reader), Fields.ReadKey(ref reader), Fields.ReadHeight(ref reader));
    }
}

/// <summary>What the ledger holds against one validator, in short.</summary>
/// <param name="Offences">How many of its offences are on the ledger.</param>
/// <param name="RecordedAt">The block that recorded the last of them.</param>
public sealed record OffenderEntry(ulong Offences, Height RecordedAt)
{
    public byte[] Encode()
        => Canonical.Encode(this, static (ref MessagePackWriter writer, OffenderEntry entry) =>
    {
        writer.WriteArrayHeader(2);
        writer.Write(entry.Offences);
        writer.Write(entry.RecordedAt.Value);
    });

    public static OffenderEntry Decode(byte[] bytes)
    {
        var reader = new MessagePackReader(bytes);
        Fields.ReadFixedArray(ref reader, 2, "an offender");
        return new(reader.ReadUInt64(), Fields.ReadHeight(ref reader));
    }
}
