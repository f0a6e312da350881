using System.Buffers;
using System.Buffers.Binary;
using Ledger.Crypto;
using Ledger.Storage;

namespace Ledger.Cli.Audit;

/// <summary>
/// Tells whether two sets of records are the same, whatever order they come in: the sum of their hashes. The
/// salt is drawn after the records were written, so nobody can have chosen others with the same sum. Not for
/// two threads at once.
/// </summary>
internal sealed class RecordSum(byte[] salt)
{
    private const int OnStack = 512;

    private ulong _first;
    private ulong _second;
    private ulong _third;
    private ulong _fourth;

    public void Add(in LedgerRecord record)
    {
        // The key's length stands before it, so that no other key and value read alike.
        var length = salt.Length + 1 + sizeof(int) + record.Key.Length + record.Value.Length;
        var rented = length <= OnStack ? null : ArrayPool<byte>.Shared.Rent(length);
        var bytes = rented is null ? stackalloc byte[OnStack] : rented;
        var rest = bytes[salt.Length..];
        salt.CopyTo(bytes);
        rest[0] = (byte)record.Family;
        BinaryPrimitives.WriteInt32BigEndian(rest[1..], record.Key.Length);
        record.Key.CopyTo(rest[(1 + sizeof(int))..]);
        record.Value.CopyTo(rest[(1 + sizeof(int) + record.Key.Length)..]);
        AddHash(Sha256.Hash(bytes[..length]));
        if (rented is not null)
        {
            ArrayPool<byte>.Shared.Return(rented);
        }
    }

    public bool IsSameAs(RecordSum other)
        => (_first, _second, _third, _fourth) == (other._first, other._second, other._third, other._fourth);

    private void AddHash(Digest digest)
    {
        Span<byte> hash = stackalloc byte[Digest.Size];
        digest.CopyTo(hash);
        unchecked
        {
            _first += BinaryPrimitives.ReadUInt64BigEndian(hash);
            _second += BinaryPrimitives.ReadUInt64BigEndian(hash[8..]);
            _third += BinaryPrimitives.ReadUInt64BigEndian(hash[16..]);
            _fourth += BinaryPrimitives.ReadUInt64BigEndian(hash[24..]);
        }
    }
}
