using Ledger.Crypto;

namespace Ledger.Core;

/// <summary>One member of the set that orders blocks.</summary>
/// <param name="Name">For people: 1 to 64 characters, unique in its set.</param>
/// <param name="PublicKey">For everything else.</param>
public sealed record Validator(string Name, PublicKey PublicKey);

/// <summary>The validators of one chain in their fixed order, and their thresholds.</summary>
public sealed class ValidatorSet
{
    private readonly Validator[] _members;

    public ValidatorSet(IReadOnlyList<Validator> members, Quorums quorums)
    {
        if (members.Count != quorums.ValidatorCount)
        {
            throw new ArgumentException("The thresholds are for another number of validators.", nameof(quorums));
        }

        _members = [.. members];
        Quorums = quorums;
        Hash = HashOf(_members);
    }

    public Quorums Quorums { get; }

    public int Count => _members.Length;

    /// <summary>What a header names as the set that certifies it: a hash over the keys in order.</summary>
    public Digest Hash { get; }

    public IReadOnlyList<Validator> Members => _members;

    public Validator this[ValidatorIndex index] => _members[index.Value];

    /// <summary>primary(view) = validators[view mod n] (OSDI '99 §4).</summary>
    public ValidatorIndex PrimaryOf(View view) => new((int)(view.Value % (ulong)_members.Length));

    public bool Contains(ValidatorIndex index) => index.Value >= 0 && index.Value < _members.Length;

    public ValidatorIndex? IndexOf(PublicKey key)
    {
        var position = Array.FindIndex(_members, member => member.PublicKey == key);
        return position < 0 ? null : new(position);
    }

    private static Digest HashOf(Validator[] members)
    {
        var domain = "ledger/validators/v1"u8;
        var bytes = new byte[domain.Length + (members.Length * PublicKey.Size)];
        domain.CopyTo(bytes);
        for (var i = 0; i < members.Length; i++)
        {
            members[i].PublicKey.CopyTo(bytes.AsSpan(domain.Length + (i * PublicKey.Size)));
        }

        return Sha256.Hash(bytes);
    }
}
