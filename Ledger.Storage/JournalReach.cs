using System.Buffers.Binary;
using Ledger.Crypto;

namespace Ledger.Storage;

/// <summary>
/// How far a validator's journal had come, told by a witness: a journal whose newest records are cut off is
/// whole by its own measure, so the ledger remembers this with each block.
/// </summary>
/// <param name="Validator">Whose journal it is: a ledger may have been copied from another validator.</param>
/// <param name="Records">All that were ever written, those replaced by a summary included.</param>
internal readonly record struct JournalReach(PublicKey Validator, ulong Records)
{
    private const int Bytes = PublicKey.Size + sizeof(ulong);

    public byte[] Encode()
    {
        var value = new byte[Bytes];
        Validator.CopyTo(value);
        BinaryPrimitives.WriteUInt64BigEndian(value.AsSpan(PublicKey.Size), Records);
        return value;
    }

    public static JournalReach? Decode(ReadOnlySpan<byte> value)
        => value.Length == Bytes
            ? new(new(value[..PublicKey.Size]), BinaryPrimitives.ReadUInt64BigEndian(value[PublicKey.Size..]))
            : null;
}
