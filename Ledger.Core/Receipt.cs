using Ledger.Crypto;

namespace Ledger.Core;

/// <summary>
/// Why a transaction's operations did not take effect; the numbers are part of the protocol.
/// </summary>
public enum FailureReason : byte
{
    None = 0,
    NotPermitted = 1,
    VersionMismatch = 2,
    KeyNotFound = 3,
    AssetExists = 4,
    AssetUnknown = 5,
    NotIssuer = 6,
    InsufficientBalance = 7,
    Overflow = 8,
    InvalidArgument = 9,
    LastAdmin = 10,
    LastValidator = 11,
    ValidatorExists = 12,
    ValidatorUnknown = 13,
    TooManyValidators = 14,

    /// <summary>It has no seat as one who learns.</summary>
    NoLearner = 15,

    /// <summary>
    /// No proof: badly formed or signed, not of this chain, or not of one of its validators.
    /// </summary>
    EvidenceInvalid = 20,
    EvidenceTooOld = 21,

    /// <summary>The ledger holds this offence already.</summary>
    EvidenceKnown = 22,
}

/// <summary>What became of one transaction: applied as a whole, or not at all and why.</summary>
/// <param name="Transaction">Its hash.</param>
/// <param name="Failure"><see cref="FailureReason.None"/> when it was applied.</param>
/// <param name="FailedOperation">Index of the operation that failed; 0 when none did.</param>
public sealed record Receipt(Digest Transaction, FailureReason Failure, int FailedOperation)
{
    public bool IsApplied => Failure == FailureReason.None;
}
