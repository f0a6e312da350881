using Ledger.Core;
using Microsoft.AspNetCore.Http;

namespace Ledger.Node.Api;

/// <summary>Proofs as answers: the file itself, in the form that was asked for.</summary>
internal static class ProofReplies
{
    public static IResult Of(HttpContext http, Proof proof)
        => http.Request.Headers.Accept == TransactionBodies.MessagePackType
            ? Results.Bytes(ProofFile.EncodeMessagePack(proof), TransactionBodies.MessagePackType)
            : Results.Bytes(ProofFile.EncodeJson(proof), "application/json");

    public static IResult NotCertified(string what) => Problems.Of(
        StatusCodes.Status503ServiceUnavailable, "not_certified",
        $"this node holds no certificate that covers {what} yet; ask again, or ask another node");
}
