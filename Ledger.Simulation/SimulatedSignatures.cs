using System.Buffers.Binary;
using System.Numerics;
using Ledger.Consensus;
using Ledger.Core;
using Ledger.Crypto;

namespace Ledger.Simulation;

/// <summary>
/// Signatures for simulated validators: a mixed sum over who signs and what, unforgeable to anyone who plays
/// by this class's members and a thousand times cheaper than Ed25519, so that schedules can be tried by the
/// thousand.
/// </summary>
public sealed class SimulatedSignatures(int validators) : ISignatureVerifier
{
    private const ulong Odd = 0x9E3779B97F4A7C15;

    public Signature Sign(ValidatorIndex validator, in Statement statement)
    {
        Span<byte> signed = stackalloc byte[(Statement.Size + 7) & ~7];
        signed.Clear();
        statement.WriteTo(signed);
        var (left, right) = ((ulong)validator.Value + 1, Odd);
        for (; signed.Length > 0; signed = signed[sizeof(ulong)..])
        {
            left = BitOperations.RotateLeft((left ^ BinaryPrimitives.ReadUInt64BigEndian(signed)) * Odd, 31);
            right = (right ^ left) * 0xC2B2AE3D27D4EB4F;
            right ^= right >> 29;
        }

        Span<byte> signature = stackalloc byte[Signature.Size];
        for (var i = 0; i < Signature.Size; i += 2 * sizeof(ulong))
        {
            BinaryPrimitives.WriteUInt64BigEndian(signature[i..], left);
            BinaryPrimitives.WriteUInt64BigEndian(signature[(i + sizeof(ulong))..], right);
        }

        return new(signature);
    }

    public bool Verify(ValidatorIndex validator, in Statement statement, in Signature signature)
        => validator.Value < validators && Sign(validator, statement) == signature;
}
