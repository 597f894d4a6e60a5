using Ledger.Contracts.Registry;
using Ledger.Projections.Registry;
using Ledger.Registry;
using Microsoft.AspNetCore.Authorization;

namespace Ledger.Web.Tokens;

/// <summary>The caller's grant for the bot must hold one of these scopes.</summary>
internal sealed class ScopeRequirement(params Scope[] scopes) : IAuthorizationRequirement
{
    public Scope[] Scopes => scopes;

    /// <summary>A policy for endpoints that one of these scopes opens.</summary>
    public static AuthorizationPolicy OneOf(params Scope[] scopes) =>
        new AuthorizationPolicyBuilder(TokenAuthentication.SchemeName).AddRequirements(new ScopeRequirement(scopes)).Build();
}

/// <summary>Decides <see cref="ScopeRequirement"/>s.</summary>
internal sealed class ScopeCheck(RegistryCache registry) : AuthorizationHandler<ScopeRequirement>
{
    protected override async Task HandleRequirementAsync(AuthorizationHandlerContext context, ScopeRequirement requirement)
    {
        if (context.Resource is not HttpContext http || http.Features.Get<Caller>() is not { } caller)
            return; // not authenticated: 401
        if (caller.MayDoOneOf(requirement.Scopes) || await IsGrantedSinceAsync(http, caller, requirement))
            context.Succeed(requirement);
    }

    /// <summary>Before refusing, looks for a grant that was recorded before the request arrived.</summary>
    private async Task<bool> IsGrantedSinceAsync(HttpContext http, Caller caller, ScopeRequirement requirement)
    {
        var snapshot = await registry.ReadSinceAsync(caller.ArrivedAt, http.RequestAborted);
        Bot? bot = null;
        if (caller.PathBot is { } old && (!snapshot.Bots.TryGetValue(old.BotId, out bot) || !snapshot.ActsFor(caller.ClientId, bot)))
            return false;
        var current = caller with { PathBot = bot, Registry = snapshot };
        http.Features.Set(current);
        return current.MayDoOneOf(requirement.Scopes);
    }
}
