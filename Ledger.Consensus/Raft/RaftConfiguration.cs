using Ledger.Core;

namespace Ledger.Consensus.Raft;

/// <summary>Who shall be what: what a change of members asks for.</summary>
/// <param name="Voters">At least one of them keeps blocks.</param>
/// <param name="Learners">Receive everything, count for nothing.</param>
/// <param name="Witnesses">Those of the voters that keep no blocks.</param>
public sealed record Membership(
    IReadOnlyList<ValidatorIndex> Voters,
    IReadOnlyList<ValidatorIndex> Learners,
    IReadOnlyList<ValidatorIndex> Witnesses)
{
    /// <summary>All validators of genesis vote.</summary>
    public static Membership AllOf(ValidatorSet validators)
        => new(validators.Indices, [], [.. validators.Indices.Where(seat => validators[seat].IsWitness)]);
}

/// <summary>How far a change of members has come.</summary>
public enum MembershipPhase
{
    /// <summary>Newcomers receive the log and count for nothing yet.</summary>
    Learning,

    /// <summary>Old and new voters must both agree (Raft §6).</summary>
    Joint,

    /// <summary>The new voters alone decide.</summary>
    Settled,
}

/// <summary>
/// Who the members are from some entry on. While a change of voters is under way it is joint: a majority of
/// the old and a majority of the new voters must agree, so that no two majorities can decide apart (Raft §6).
/// </summary>
public sealed class RaftConfiguration : IEquatable<RaftConfiguration>
{
    private readonly ValidatorIndex[] _voters;
    private readonly ValidatorIndex[] _outgoing;
    private readonly ValidatorIndex[] _learners;
    private readonly ValidatorIndex[] _witnesses;
    private readonly ValidatorIndex[] _members;

    /// <param name="voters">The voters, or the new ones while it is joint.</param>
    /// <param name="outgoing">The old voters while it is joint, otherwise none.</param>
    /// <param name="learners">None of them a voter.</param>
    /// <param name="witnesses">Voters, old or new, or learners that will be, that keep no blocks.</param>
    public RaftConfiguration(
        IEnumerable<ValidatorIndex> voters,
        IEnumerable<ValidatorIndex> outgoing,
        IEnumerable<ValidatorIndex> learners,
        IEnumerable<ValidatorIndex> witnesses)
    {
        _voters = [.. voters.Distinct().Order()];
        _outgoing = [.. outgoing.Distinct().Order()];
        _learners = [.. learners.Except(_voters).Except(_outgoing).Distinct().Order()];
        _members = [.. _voters.Concat(_outgoing).Concat(_learners).Distinct().Order()];
        _witnesses = [.. witnesses.Intersect(_members).Distinct().Order()];
    }

    public RaftConfiguration(Membership membership)
        : this(membership.Voters, [], membership.Learners, membership.Witnesses)
    {
    }

    /// <summary>What it comes to once no change is under way.</summary>
    public Membership Membership => new(_voters, _learners, _witnesses);

    public IReadOnlyList<ValidatorIndex> Voters => _voters;

    public IReadOnlyList<ValidatorIndex> Outgoing => _outgoing;

    public IReadOnlyList<ValidatorIndex> Learners => _learners;

    public IReadOnlyList<ValidatorIndex> Witnesses => _witnesses;

    /// <summary>Everyone who is sent the log.</summary>
    public IReadOnlyList<ValidatorIndex> Members => _members;

    public bool IsJoint => _outgoing.Length > 0;

    /// <summary>How far a change of members has come.</summary>
    public MembershipPhase Phase => IsJoint ? MembershipPhase.Joint
        : _learners.Length > 0 ? MembershipPhase.Learning
        : MembershipPhase.Settled;

    /// <summary>
    /// Whose signatures certify a block: the old voters until the change is over. No block is made while it
    /// is joint, and those below need a majority of the old voters anyway, so each block is certified by one
    /// set.
    /// </summary>
    public IReadOnlyList<ValidatorIndex> Certifiers => IsJoint ? _outgoing : _voters;

    public bool IsVoter(ValidatorIndex validator)
        => Array.BinarySearch(_voters, validator) >= 0 || Array.BinarySearch(_outgoing, validator) >= 0;

    public bool IsMember(ValidatorIndex validator) => Array.BinarySearch(_members, validator) >= 0;

    public bool IsWitness(ValidatorIndex validator) => Array.BinarySearch(_witnesses, validator) >= 0;

    public static int MajorityOf(int voters) => Quorums.Crash(voters).Quorum;

    /// <summary>
    /// Whether these validators may decide: a majority of the voters, and of the old ones too while joint.
    /// </summary>
    public bool IsQuorum(IReadOnlySet<ValidatorIndex> agreed)
        => Holds(_voters, agreed) && (!IsJoint || Holds(_outgoing, agreed));

    /// <summary>Whether a majority of those that certify is among the signers.</summary>
    public bool IsCertifiedBy(QuorumCertificate certificate)
    {
        var certifiers = IsJoint ? _outgoing : _voters;
        var count = 0;
        foreach (var signer in certificate.Signers)
        {
            count += Array.BinarySearch(certifiers, signer.Validator) >= 0 ? 1 : 0;
        }

        return count >= MajorityOf(certifiers.Length);
    }

    /// <summary>
    /// The highest value that a deciding majority has reached, of what each voter has reached.
    /// </summary>
    public ulong ReachedByQuorum(Func<ValidatorIndex, ulong> reached)
    {
        var value = ReachedBy(_voters, reached);
        return IsJoint ? Math.Min(value, ReachedBy(_outgoing, reached)) : value;
    }

    public bool Equals(RaftConfiguration? other)
        => other is not null
            && _voters.AsSpan().SequenceEqual(other._voters)
            && _outgoing.AsSpan().SequenceEqual(other._outgoing)
            && _learners.AsSpan().SequenceEqual(other._learners)
            && _witnesses.AsSpan().SequenceEqual(other._witnesses);

    public override bool Equals(object? obj) => Equals(obj as RaftConfiguration);

    public override int GetHashCode() => _members.Length;

    public override string ToString()
    {
        var text = IsJoint ? $"{Names(_outgoing)} to {Names(_voters)}" : Names(_voters);
        return _learners.Length == 0 ? text : $"{text} learning {Names(_learners)}";
    }

    private static string Names(ValidatorIndex[] validators) => $"{{{string.Join(' ', validators)}}}";

    private static bool Holds(ValidatorIndex[] voters, IReadOnlySet<ValidatorIndex> agreed)
    {
        var count = 0;
        foreach (var voter in voters)
        {
            count += agreed.Contains(voter) ? 1 : 0;
        }

        return count >= MajorityOf(voters.Length);
    }

    private static ulong ReachedBy(ValidatorIndex[] voters, Func<ValidatorIndex, ulong> reached)
    {
        Span<ulong> values = voters.Length <= 64 ? stackalloc ulong[voters.Length] : new ulong[voters.Length];
        for (var i = 0; i < voters.Length; i++)
        {
            values[i] = reached(voters[i]);
        }

        values.Sort();
        return values[^MajorityOf(voters.Length)];
    }
}
