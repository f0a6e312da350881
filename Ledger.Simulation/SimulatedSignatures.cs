using System.Buffers.Binary;
using Ledger.Consensus;
using Ledger.Core;
using Ledger.Crypto;

namespace Ledger.Simulation;

/// <summary>
/// Signatures for simulated validators: a keyed hash, unforgeable to anyone who plays by this class's members and a
/// hundred times cheaper than Ed25519, so that schedules can be tried by the thousand.
/// </summary>
public sealed class SimulatedSignatures(int validators) : ISignatureVerifier
{
    public Signature Sign(ValidatorIndex validator, in Statement statement)
    {
        Span<byte> input = stackalloc byte[sizeof(int) + Statement.Size];
        BinaryPrimitives.WriteInt32BigEndian(input, validator.Value);
        statement.WriteTo(input[sizeof(int)..]);
        Span<byte> signature = stackalloc byte[Signature.Size];
        Sha256.Hash("simulated"u8, input).CopyTo(signature);
        return new(signature);
    }

    public bool Verify(ValidatorIndex validator, in Statement statement, in Signature signature)
        => validator.Value < validators && Sign(validator, statement) == signature;
}
