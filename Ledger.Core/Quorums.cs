namespace Ledger.Core;

/// <summary>The one place where counts of validators become thresholds.</summary>
public readonly record struct Quorums
{
    private readonly bool _isByzantine;

    private Quorums(int validatorCount, int faulty, int quorum, bool isByzantine)
    {
        ValidatorCount = validatorCount;
        Faulty = faulty;
        Quorum = quorum;
        _isByzantine = isByzantine;
    }

    /// <summary>n, at least 1.</summary>
    public int ValidatorCount { get; }

    /// <summary>f: how many validators may fail without harm.</summary>
    public int Faulty { get; }

    /// <summary>q: any two sets of this size share a correct validator.</summary>
    public int Quorum { get; }

    /// <summary>f + 1: a set of this size holds a correct validator.</summary>
    public int OneCorrect => Faulty + 1;

    /// <summary>
    /// n ≥ 3f + 1. The quorum is ⌈(n + f + 1) / 2⌉ and equals 2f + 1 only when n = 3f + 1:
    /// with n = 5 and f = 1, two sets of 3 may share just the one faulty replica.
    /// </summary>
    public static Quorums Byzantine(int validatorCount)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(validatorCount, 1);
        var faulty = (validatorCount - 1) / 3;
        return new(validatorCount, faulty, (validatorCount + faulty + 2) / 2, isByzantine: true);
    }

    /// <summary>n ≥ 2f + 1: a majority (Raft §5.2).</summary>
    public static Quorums Crash(int validatorCount)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(validatorCount, 1);
        return new(validatorCount, (validatorCount - 1) / 2, (validatorCount / 2) + 1, isByzantine: false);
    }

    /// <summary>The thresholds of the same kind for another number of validators.</summary>
    public Quorums For(int validatorCount)
        => _isByzantine ? Byzantine(validatorCount) : Crash(validatorCount);
}
